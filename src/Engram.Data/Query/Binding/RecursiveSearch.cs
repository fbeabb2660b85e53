using System.Text;
using Engram.Data.Columns;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Query.Binding;

/// <summary>SEARCH and CYCLE of a recursive query, as columns that its two parts compute.</summary>
/// <remarks>
/// <code>
/// first                         SELECT x.*, ARRAY[x.a], false, ARRAY['(…)'] FROM (first) x
/// UNION [ALL]         ──►       UNION [ALL]
/// SELECT … FROM t …             SELECT x.*, x.ord || x.a, '(…)' = ANY (x.path), x.path || '(…)' FROM (SELECT …, t.ord, t.path FROM t … AND NOT t.mark) x
/// </code>
/// <para>The column of SEARCH DEPTH FIRST is an array of the values on the way to the row, that of BREADTH FIRST json of the level and of what orders the row's values: they are there to order by. PostgreSQL has rows in
/// both. The path of CYCLE is an array of texts, each as PostgreSQL writes a row.</para>
/// </remarks>
internal static class RecursiveSearch
{
    private const string Inner = "*rows*";

    /// <param name="common">With SEARCH or CYCLE.</param>
    /// <param name="set">The query as it is written.</param>
    /// <param name="names">The columns that it has.</param>
    /// <param name="types">Theirs.</param>
    /// <returns>The query that has the further columns too, and all their names.</returns>
    public static (SetOperationSyntax Set, List<string> Names) Extend(CommonTableSyntax common, SetOperationSyntax set, IReadOnlyList<string> names, IReadOnlyList<DataType> types)
    {
        if (set.Right is not SelectSyntax step)
        {
            throw Error.SyntaxRule("with SEARCH or CYCLE, the right side of UNION is a SELECT.", set.Right.Position);
        }

        var (search, cycle) = (common.Search, common.Cycle);
        var all = names.ToList();
        foreach (var added in new[] { search?.Sequence, cycle?.Mark, cycle?.Path }.OfType<IdentifierSyntax>())
        {
            var name = NameMatch.Fold(added);
            if (all.Contains(name))
            {
                throw Error.SyntaxRule($"the column {added} of SEARCH or CYCLE is one of the query already.", added.Position);
            }

            all.Add(name);
        }

        Check(search?.By ?? [], names, "SEARCH");
        Check(cycle?.Columns ?? [], names, "CYCLE");
        var kept = all.Skip(names.Count).ToList();
        var parts = (search, cycle, Typed(search?.By), Typed(cycle?.Columns));
        var first = Wrap(set.Left, names, names, parts, isFirst: true);

        // The step takes along what the row that it comes from has.
        var source = Find(step, NameMatch.Fold(common.Name)) ?? throw Error.SyntaxRule($"with SEARCH or CYCLE, FROM of the recursive part names {common.Name}, once.", step.Position);
        if (step.Items.FirstOrDefault(i => i.Expression is StarSyntax star && (star.Table is null || NameMatch.Fold(star.Table.Name) == source)) is { } whole)
        {
            throw Error.NotSupported("* of the recursive table together with SEARCH or CYCLE (name its columns)", whole.Position + 1);
        }

        var items = step.Items.Concat(kept.Select(k => new SelectItemSyntax(step.Span, Parser.ParseExpression($"{Quote(source)}.{Quote(k)}"), null)));
        var where = step.Where;
        if (cycle is not null)
        {
            ExpressionSyntax mark = Parser.ParseExpression($"{Quote(source)}.{Quote(NameMatch.Fold(cycle.Mark))}");
            ExpressionSyntax goesOn = cycle.MarkValue is null ? new NotSyntax(step.Span, mark) : new BinarySyntax(step.Span, "<>", mark, cycle.MarkValue);
            where = where is null ? goesOn : new LogicalSyntax(step.Span, true, [where, goesOn]);
        }

        var right = Wrap(step with { Items = [.. items], Where = where }, names, all, parts, isFirst: false);
        return (set with { Left = first, Right = right }, all);

        List<(IdentifierSyntax, DataType)> Typed(IReadOnlyList<IdentifierSyntax>? columns)
            => [.. (columns ?? []).Select(c => (c, types[names.Select((n, i) => (n, i)).First(n => n.n == NameMatch.Fold(c)).i]))];
    }

    /// <summary>A query over another that adds the columns.</summary>
    private static SelectSyntax Wrap(QueryBodySyntax body, IReadOnlyList<string> names, IReadOnlyList<string> given,
        (SearchSyntax? Search, CycleSyntax? Cycle, List<(IdentifierSyntax Column, DataType Type)> By, List<(IdentifierSyntax Column, DataType Type)> Along) added, bool isFirst)
    {
        var sql = new StringBuilder("SELECT ").AppendJoin(", ", names.Select(Of));
        if (added.Search is { } search)
        {
            var values = string.Join(", ", added.By.Select(b => search.IsBreadthFirst ? OrderedInJson(b.Column, b.Type) : Of(NameMatch.Fold(b.Column))));
            var before = Of(NameMatch.Fold(search.Sequence));
            sql.Append(", ").Append((search.IsBreadthFirst, isFirst) switch
            {
                (true, true) => $"jsonb_build_array(0, {values})",
                (true, false) => $"jsonb_build_array(({before} ->> 0)::bigint + 1, {values})",
                (false, true) => $"ARRAY[{values}]",
                (false, false) => $"{before} || ARRAY[{values}]",
            });
        }

        if (added.Cycle is { } cycle)
        {
            var row = RowText(added.Along);
            var path = Of(NameMatch.Fold(cycle.Path));
            sql.Append(isFirst ? ", false" : $", {row} = ANY ({path})").Append(isFirst ? $", ARRAY[{row}]" : $", {path} || {row}");
        }

        sql.Append($" FROM (SELECT 1) AS {Quote(Inner)} (").AppendJoin(", ", given.Select(Quote)).Append(')');
        var query = (SelectSyntax)Parser.ParseQuery(sql.ToString()).Body;
        var inner = (DerivedTableSyntax)query.From[0] with { Query = new QuerySyntax(body.Span, null, body) };
        var items = query.Items.ToList();
        if (added.Cycle is { MarkValue: { } value, MarkDefault: { } otherwise })
        {
            var at = items.Count - 2;
            // In the first part too, where the mark is never set: so the column has the type of both values.
            items[at] = items[at] with { Expression = new CaseSyntax(body.Span, null, [new WhenSyntax(body.Span, items[at].Expression, value)], otherwise) };
        }

        return query with { Span = body.Span, Items = items, From = [inner] };
    }

    /// <summary>What json orders as the column's values are ordered: NULL last, NaN behind all numbers, moments by UTC.</summary>
    private static string OrderedInJson(IdentifierSyntax column, DataType type)
    {
        var value = Of(NameMatch.Fold(column));
        var ordered = type.Kind switch
        {
            TypeKind.Array or TypeKind.Vector or TypeKind.HalfVector or TypeKind.SparseVector or TypeKind.Bit => throw Error.NotSupported($"SEARCH BREADTH FIRST BY a column of type {type}", column.Position + 1),
            TypeKind.Text when type.Collation is not (Collation.Default or Collation.Ordinal) => throw Error.NotSupported("SEARCH BREADTH FIRST BY a column with a collation", column.Position + 1),
            TypeKind.Single or TypeKind.Double => $"CASE {value} WHEN 'NaN' THEN 2 WHEN 'Infinity' THEN 1 WHEN '-Infinity' THEN -1 ELSE 0 END, CASE WHEN {value} NOT IN ('NaN', 'Infinity', '-Infinity') THEN {value} END",
            TypeKind.TimestampTz => $"{value} AT TIME ZONE 'UTC'",
            TypeKind.Interval => $"extract(epoch FROM {value})",
            _ => value,
        };
        return $"{value} IS NULL, {ordered}";
    }

    /// <summary>The values of columns as PostgreSQL writes a row: (1,"a b",). Values that are equal are written alike, since the texts are what is compared.</summary>
    private static string RowText(List<(IdentifierSyntax Column, DataType Type)> columns)
    {
        var fields = columns.Select(c =>
        {
            var text = EqualText(c.Column, c.Type);
            return $"CASE WHEN {text} IS NULL THEN '' WHEN {text} = '' OR {text} ~ '[(),\"\\\\[:space:]]' THEN '\"' || replace(replace({text}, '\\', '\\\\'), '\"', '\"\"') || '\"' ELSE {text} END";
        });
        return $"('(' || {string.Join(" || ',' || ", fields)} || ')')";
    }

    private static string EqualText(IdentifierSyntax column, DataType type)
    {
        var value = Of(NameMatch.Fold(column));
        var isForm = type.Element is TypeKind.Decimal or TypeKind.Single or TypeKind.Double or TypeKind.TimestampTz || type.Collation == Collation.NoCase;
        return type.Kind switch
        {
            TypeKind.Array when isForm => throw Error.NotSupported($"CYCLE along a column of type {type}, whose values can be equal and written differently", column.Position + 1),
            TypeKind.Boolean => $"(CASE WHEN {value} THEN 't' WHEN NOT {value} THEN 'f' END)",
            TypeKind.Decimal => $"trim_scale({value})::text",
            // Minus zero.
            TypeKind.Single or TypeKind.Double => $"(CASE WHEN {value} = 0 THEN '0' ELSE {value}::text END)",
            TypeKind.TimestampTz => $"(({value} AT TIME ZONE 'UTC')::text || '+00')",
            TypeKind.Text when type.Collation == Collation.NoCase => $"(upper({value}) COLLATE \"C\")",
            _ => $"{value}::text",
        };
    }

    private static void Check(IReadOnlyList<IdentifierSyntax> columns, IReadOnlyList<string> names, string clause)
    {
        var seen = new HashSet<string>();
        foreach (var column in columns)
        {
            var name = NameMatch.Fold(column);
            if (!names.Contains(name))
            {
                throw Error.SyntaxRule($"{clause} names column {column}, which the query does not have.", column.Position);
            }

            if (!seen.Add(name))
            {
                throw Error.DuplicateColumn(name, column.Position);
            }
        }
    }

    /// <summary>By what name the recursive table stands in FROM; null when it does not, or twice.</summary>
    private static string? Find(SelectSyntax step, string name)
    {
        var found = step.From.SelectMany(t => Tables(t)).Where(t => t.Name.Schema is null && NameMatch.Fold(t.Name.Name) == name).ToList();
        return found is [var only] ? NameMatch.Fold(only.Alias?.Name ?? only.Name.Name) : null;
    }

    private static IEnumerable<TableNameSyntax> Tables(TableSyntax table) => table switch
    {
        TableNameSyntax named => [named],
        JoinSyntax join => Tables(join.Left).Concat(Tables(join.Right)),
        _ => [],
    };

    private static string Of(string column) => $"{Quote(Inner)}.{Quote(column)}";

    private static string Quote(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
}
