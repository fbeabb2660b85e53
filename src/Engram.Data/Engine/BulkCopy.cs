using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution;
using Engram.Data.Query.Execution.Modifications;
using Engram.Data.Query.Planning;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Engine;

/// <summary>From which field of the source a column takes its values.</summary>
/// <param name="Ordinal">The field's place; -1 to find it by <paramref name="Field"/>.</param>
internal sealed record BulkMapping(int Ordinal, string? Field, string Column);

/// <summary>One bulk copy: rows of the application become rows of a table, all or none of them.</summary>
/// <remarks>
/// <para>It is an INSERT of one row, planned as any, whose values come from columns of a batch instead of parameters: conversions, defaults, identities, computed columns, checks and
/// foreign keys are the same.</para>
/// <para>Few rows are inserted as a statement would: through the log, in one transaction. More of them go to a <see cref="BulkLoad"/>, and until the last one is written
/// nobody waits for the write lock. Foreign keys and unique keys are checked at the end, with the lock held.</para>
/// <para>Used by one thread at a time.</para>
/// </remarks>
internal sealed class BulkCopy : IDisposable
{
    /// <summary>Up to so many rows, and bytes, go through the log: below that a segment of their own costs more than it saves.</summary>
    private const int LoggedRowCountMax = 4 * Batch.RowCountMax;

    private const long LoggedSizeBytesMax = 4L * 1024 * 1024;

    private readonly Session session;
    private readonly InsertPlan plan;
    private readonly DatabaseCatalog catalog;
    private readonly DataType[] types;
    private readonly int[] ordinals;
    private readonly string[] names;
    private readonly ImmutableArray<BoundExpression> values;
    private readonly List<ColumnBuffer[]> held = [];
    private readonly Batch given;

    private BulkCopy(Session session, InsertPlan plan, DatabaseCatalog catalog, BoundStatement bound, int[] ordinals, string[] names)
    {
        this.session = session;
        this.plan = plan;
        this.catalog = catalog;
        this.ordinals = ordinals;
        this.names = names;
        types = [.. bound.Parameters.OrderBy(p => int.Parse(p.Name.AsSpan(1), CultureInfo.InvariantCulture)).Select(p => p.Type)];
        var places = bound.Parameters.Select(p => int.Parse(p.Name.AsSpan(1), CultureInfo.InvariantCulture)).ToArray();
        values = plan.Source is ValuesPlan { Rows: [var row] }
            ? [.. row.Select(e => FromBatch(e, places))]
            : throw Error.Internal("an INSERT of one row has no row of values");
        given = new Batch(types.Length);
    }

    /// <summary>Rows written so far.</summary>
    public long RowCount { get; private set; }

    /// <summary>Plans a copy.</summary>
    /// <param name="table">As in SQL.</param>
    /// <param name="mappings">None: the fields are the columns that take values, in the table's order.</param>
    public static BulkCopy Create(Session session, string table, IReadOnlyList<BulkMapping> mappings, BulkRows rows, int fieldCount)
    {
        var catalog = session.ReadCatalog();
        var whole = (InsertPlan)Plan(session, catalog, $"INSERT INTO {table} DEFAULT VALUES", 0).Plan;
        var definition = whole.IsThroughView ? throw Error.NotATable(table, "view", -1) : whole.Table;
        string[] columns;
        int[] ordinals;
        if (mappings.Count == 0)
        {
            columns = [.. definition.NamedColumns.Where(c => c.ComputedSql is null && c.Identity != IdentityKind.Always).Select(c => c.Name)];
            ordinals = [.. Enumerable.Range(0, columns.Length)];
            if (fieldCount != columns.Length)
            {
                throw Error.BulkFieldCount(definition.ToString(), columns.Length, fieldCount);
            }
        }
        else
        {
            columns = [.. mappings.Select(m => FindColumn(definition, m.Column))];
            ordinals = [.. mappings.Select(m => m.Ordinal >= 0 ? m.Ordinal : rows.OrdinalOf(m.Field!))];
            for (var i = 0; i < ordinals.Length; i++)
            {
                if (ordinals[i] < 0 || ordinals[i] >= fieldCount)
                {
                    throw Error.BulkFieldMissing(mappings[i].Field ?? ordinals[i].ToString(CultureInfo.InvariantCulture), columns[i], fieldCount);
                }
            }
        }

        var text = new StringBuilder($"INSERT INTO {table} (");
        text.AppendJoin(", ", columns.Select(c => $"\"{c.Replace("\"", "\"\"", StringComparison.Ordinal)}\""));
        text.Append(") VALUES (").AppendJoin(", ", Enumerable.Range(0, columns.Length).Select(i => $"@p{i}")).Append(')');
        var bound = Plan(session, catalog, text.ToString(), columns.Length);
        return new BulkCopy(session, (InsertPlan)bound.Plan, catalog, bound, ordinals, [.. columns.Select(c => $"{definition}.{c}")]);
    }

    /// <summary>Copies all rows, of which the first has been read already.</summary>
    /// <param name="progress">Told after each batch how many rows were written.</param>
    public async ValueTask RunAsync(BulkRows rows, Action<long> progress, Interrupt interrupt, Interrupt commit, bool isAsync)
    {
        var isMore = true;
        var size = 0L;
        while (isMore && held.Count * Batch.RowCountMax < LoggedRowCountMax && size < LoggedSizeBytesMax)
        {
            held.Add(NewBuffers());
            isMore = await FillAsync(held[^1], rows, interrupt, isAsync).ConfigureAwait(false);
            size = held.Sum(b => b.Sum(c => c.SizeBytes));
        }

        if (!isMore)
        {
            await session.WriteAsync("BULK COPY", commit, isAsync, writer => InsertHeld(writer, progress, commit)).ConfigureAwait(false);
            return;
        }

        using var load = session.Database.Store.BeginLoad(plan.Table);
        using var insert = CreateInsert(load, interrupt, out var snapshot);
        using (snapshot)
        {
            foreach (var buffers in held)
            {
                Add(insert, buffers, progress);
            }

            while (isMore)
            {
                isMore = await FillAsync(held[0], rows, interrupt, isAsync).ConfigureAwait(false);
                Add(insert, held[0], progress);
            }
        }

        interrupt.Token.ThrowIfCancellationRequested();
        load.Complete();
        await session.WriteAsync("BULK COPY", commit, isAsync, writer =>
        {
            writer.Attach(load);
            insert.Verify(writer);
        }).ConfigureAwait(false);
    }

    public void Dispose() => held.ForEach(Free);

    private static BoundStatement Plan(Session session, DatabaseCatalog catalog, string text, int parameterCount)
    {
        var types = Enumerable.Range(0, parameterCount).ToDictionary(i => $"p{i}", _ => DataType.Unknown);
        return Planner.Plan(session.Prepare(text).Statements[0].Syntax, text, catalog, types);
    }

    private static string FindColumn(TableDefinition table, string name)
    {
        var exact = table.NamedColumns.Where(c => c.Name == name).ToList();
        var found = exact.Count > 0 ? exact : [.. table.NamedColumns.Where(c => c.Name.Equals(name, StringComparison.OrdinalIgnoreCase))];
        return found.Count == 1 ? found[0].Name : throw Error.UndefinedColumn(name, table.ToString(), null, -1);
    }

    /// <summary>The expression with columns of the batch in place of parameters.</summary>
    private static BoundExpression FromBatch(BoundExpression expression, int[] places) => expression switch
    {
        BoundParameter parameter => new BoundColumn(parameter.Type, places[parameter.Index], ""),
        BoundCast cast => cast with { Operand = FromBatch(cast.Operand, places) },
        _ => throw Error.Internal($"a value of a bulk copy became {expression.GetType().Name}"),
    };

    private InsertOperator CreateInsert(RowTarget target, Interrupt interrupt, out Snapshot snapshot)
    {
        snapshot = session.Database.Store.OpenSnapshot();
        var context = new StatementContext(snapshot, null, new Batch(0), session.Database.Clock, interrupt.Token) { Target = target };
        return new InsertOperator(plan, new GivenValues(values, given, context), context);
    }

    private void InsertHeld(Transaction writer, Action<long> progress, Interrupt interrupt)
    {
        if (!writer.Catalog.Tables.TryGetValue(plan.Table.Id, out var now) || !ReferenceEquals(now, plan.Table))
        {
            throw Error.TableChangedSinceLoad(plan.Table.ToString());
        }

        using var insert = CreateInsert(writer, interrupt, out var snapshot);
        using (snapshot)
        {
            foreach (var buffers in held)
            {
                Add(insert, buffers, progress);
            }

            insert.Verify(writer);
        }
    }

    private void Add(InsertOperator insert, ColumnBuffer[] buffers, Action<long> progress)
    {
        if (buffers[0].Count == 0)
        {
            return;
        }

        given.RowCount = buffers[0].Count;
        for (var i = 0; i < buffers.Length; i++)
        {
            given.Columns[i] = buffers[i].Column;
        }

        insert.AddSource();
        RowCount += given.RowCount;
        progress(RowCount);
    }

    private ColumnBuffer[] NewBuffers() => [.. types.Select(t => new ColumnBuffer(t, Batch.RowCountMax))];

    private static void Free(ColumnBuffer[] buffers) => Array.ForEach(buffers, b => b.Dispose());

    /// <summary>Fills a batch from the current row on; false when the source ended.</summary>
    private async ValueTask<bool> FillAsync(ColumnBuffer[] buffers, BulkRows rows, Interrupt interrupt, bool isAsync)
    {
        Array.ForEach(buffers, b => b.Clear());
        var isMore = true;
        for (var count = 0; isMore && count < Batch.RowCountMax; count++)
        {
            AppendCurrent(buffers, rows);
            isMore = await rows.ReadAsync(isAsync, interrupt.Token).ConfigureAwait(false);
        }

        interrupt.Token.ThrowIfCancellationRequested();
        return isMore;
    }

    private void AppendCurrent(ColumnBuffer[] buffers, BulkRows rows)
    {
        var row = rows.Current;
        for (var i = 0; i < buffers.Length; i++)
        {
            if (ordinals[i] >= row.Length)
            {
                throw Error.BulkFieldMissing(ordinals[i].ToString(CultureInfo.InvariantCulture), names[i], row.Length);
            }

            var value = row[ordinals[i]];
            if (value is null or DBNull)
            {
                buffers[i].AppendNull();
                continue;
            }

            ClrValue.Append(buffers[i], ParameterConversion.ToCanonical(value, types[i], names[i]));
        }
    }

    /// <summary>The row of VALUES, computed for all rows of a batch.</summary>
    private sealed class GivenValues(ImmutableArray<BoundExpression> values, Batch given, StatementContext context) : Operator
    {
        private readonly Evaluator[] evaluators = EvaluatorFactory.Create(values, context);
        private readonly Batch batch = new(values.Length);

        public override Batch? Next()
        {
            for (var i = 0; i < evaluators.Length; i++)
            {
                batch.Columns[i] = evaluators[i].Evaluate(given, null);
            }

            batch.RowCount = given.RowCount;
            return batch;
        }

        public override void Reset() => throw Error.Internal("a bulk copy is run twice");

        public override void Dispose() => Array.ForEach(evaluators, e => e.Dispose());
    }
}
