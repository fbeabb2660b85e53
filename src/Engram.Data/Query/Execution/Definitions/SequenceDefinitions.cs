using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Definitions;

/// <summary>CREATE, ALTER and DROP SEQUENCE. Definitions are transactional as all DDL; the numbers are not.</summary>
internal static class SequenceDefinitions
{
    public static void Create(CreateSequenceSyntax create, Transaction transaction)
    {
        var catalog = transaction.Catalog;
        var schema = DdlExecutor.SchemaOf(catalog, create.Name);
        var name = NameMatch.Fold(create.Name.Name);
        if (!DdlExecutor.IsNameFree(catalog, schema, name, create.IfNotExists, create.Name.Position))
        {
            return;
        }

        var id = new ObjectId(catalog.ObjectIdNext);
        var options = create.Options;
        var sequence = new SequenceDefinition(id, schema, name, id) { Type = TypeOf(options) ?? DataType.Int64 };
        var (least, greatest) = BoundsOf(sequence.Type);
        var increment = options.Increment ?? 1;
        sequence = sequence with
        {
            Increment = increment,
            Min = options.Min ?? (increment > 0 ? 1 : least),
            Max = options.Max ?? (increment > 0 ? greatest : -1),
            IsCycle = options.IsCycle ?? false,
            Owner = OwnerOf(options, catalog),
        };
        var start = options.Start ?? (increment > 0 ? sequence.Min : sequence.Max);
        sequence = sequence with { Start = start, First = start };
        Check(sequence, options.Position);
        transaction.PutObject(sequence);
    }

    public static void Alter(AlterSequenceSyntax alter, Transaction transaction)
    {
        var catalog = transaction.Catalog;
        if (Find(catalog, alter.Name, alter.IfExists) is not { } sequence)
        {
            return;
        }

        var options = alter.Options;
        var (oldLeast, oldGreatest) = BoundsOf(sequence.Type);
        var type = TypeOf(options) ?? sequence.Type;
        var (least, greatest) = BoundsOf(type);
        var increment = options.Increment ?? sequence.Increment;
        var changed = sequence with
        {
            Type = type,
            Increment = increment,
            Min = options.Min ?? (options.NoMin ? (increment > 0 ? 1 : least) : sequence.Min == oldLeast ? least : sequence.Min),
            Max = options.Max ?? (options.NoMax ? (increment > 0 ? greatest : -1) : sequence.Max == oldGreatest ? greatest : sequence.Max),
            Start = options.Start ?? sequence.Start,
            IsCycle = options.IsCycle ?? sequence.IsCycle,
            Owner = options.OwnedBy is null ? sequence.Owner : OwnerOf(options, catalog),
        };
        if (options.IsRestart)
        {
            // A counter of its own: a rollback brings the old one back, with where it is then.
            changed = changed with { Counter = new ObjectId(catalog.ObjectIdNext), First = options.RestartWith ?? changed.Start };
        }

        Check(changed, options.Position);
        if (changed != sequence)
        {
            transaction.PutObject(changed);
        }
    }

    public static void Drop(DropSyntax drop, Transaction transaction)
    {
        foreach (var name in drop.Names)
        {
            if (Find(transaction.Catalog, name, drop.IfExists) is not { } sequence)
            {
                continue;
            }

            foreach (var (table, column) in DefaultsOf(transaction.Catalog, sequence))
            {
                if (!drop.IsCascade)
                {
                    throw Error.DependentObjects($"Sequence '{sequence}'", $"the default of '{table}.{column.Name}'; drop that first, or write CASCADE", name.Position);
                }

                var now = transaction.Catalog.Get(table.Id);
                transaction.PutTable(now with { Columns = now.Columns.Replace(now.FindColumn(column.Id)!, now.FindColumn(column.Id)! with { DefaultSql = null }) });
            }

            transaction.DropObject(sequence.Id);
        }
    }

    /// <summary>Drops the sequences that a table, or one of its columns, owns.</summary>
    public static void DropOwned(Transaction transaction, TableId table, ColumnId? column = null)
    {
        foreach (var sequence in transaction.Catalog.Sequences.Where(s => s.Owner is { } owner && owner.Table == table && (column is null || owner.Column == column)).ToList())
        {
            transaction.DropObject(sequence.Id);
        }
    }

    /// <summary>Gives the sequences that a column owns to the one that takes its place.</summary>
    public static void MoveOwned(Transaction transaction, TableId table, ColumnId from, ColumnId to)
    {
        foreach (var sequence in transaction.Catalog.Sequences.Where(s => s.Owner == (table, from)).ToList())
        {
            transaction.PutObject(sequence with { Owner = (table, to) });
        }
    }

    /// <summary>The columns whose defaults name a sequence.</summary>
    public static List<(TableDefinition Table, ColumnDefinition Column)> DefaultsOf(DatabaseCatalog catalog, SequenceDefinition sequence)
        => [.. from table in catalog.Tables.Values
               from column in table.Columns
               where Names(table, column, catalog, sequence)
               select (table, column)];

    public static SequenceDefinition? Find(DatabaseCatalog catalog, ObjectNameSyntax name, bool ifExists)
        => NameMatch.FindObject<SequenceDefinition>(catalog, name)
            ?? (DdlExecutor.IsOtherKind(catalog, name) ? throw Error.WrongKind(name.ToString(), "sequence", name.Position)
                : ifExists ? null : throw Error.UndefinedSequence(name.ToString(), name.Position));

    private static bool Names(TableDefinition table, ColumnDefinition column, DatabaseCatalog catalog, SequenceDefinition sequence)
    {
        if (column.DefaultSql?.Contains("nextval", StringComparison.OrdinalIgnoreCase) != true)
        {
            return false;
        }

        var stored = new StoredExpressions(new StatementScope(catalog, ImmutableDictionary<string, DataType>.Empty));
        return ExpressionTree.Any(stored.Default(table, column), e => e is BoundCall { Function.Name: "nextval", Arguments: [BoundConstant { Value: string name }] }
            && NameMatch.FindObject<SequenceDefinition>(catalog, Parser.ParseNameText(name))?.Id == sequence.Id);
    }

    private static DataType? TypeOf(SequenceOptionsSyntax options)
    {
        if (options.Type is not { } type)
        {
            return null;
        }

        var resolved = TypeNames.Resolve(type);
        return resolved.Kind is TypeKind.Int16 or TypeKind.Int32 or TypeKind.Int64
            ? resolved
            : throw Error.InvalidSequence("A sequence is of type smallint, integer or bigint.", type.Position);
    }

    private static (long Least, long Greatest) BoundsOf(DataType type) => type.Kind switch
    {
        TypeKind.Int16 => (short.MinValue, short.MaxValue),
        TypeKind.Int32 => (int.MinValue, int.MaxValue),
        _ => (long.MinValue, long.MaxValue),
    };

    private static (TableId, ColumnId)? OwnerOf(SequenceOptionsSyntax options, DatabaseCatalog catalog)
    {
        if (options.OwnedBy is not { Table: { } name, Column: var column })
        {
            return null;
        }

        var table = NameMatch.FindTable(catalog, name);
        return (table.Id, NameMatch.FindColumn(table, column).Id);
    }

    private static void Check(SequenceDefinition sequence, int position)
    {
        var (least, greatest) = BoundsOf(sequence.Type);
        var fault = sequence.Increment == 0 ? "INCREMENT must not be zero."
            : sequence.Min < least || sequence.Max > greatest ? $"MINVALUE and MAXVALUE must lie within {sequence.Type}."
            : sequence.Min >= sequence.Max ? "MINVALUE must be less than MAXVALUE."
            : sequence.Start < sequence.Min || sequence.Start > sequence.Max ? "START must lie between MINVALUE and MAXVALUE."
            : sequence.First < sequence.Min || sequence.First > sequence.Max ? "RESTART must lie between MINVALUE and MAXVALUE."
            : null;
        if (fault is not null)
        {
            throw Error.InvalidSequence(fault, position);
        }
    }
}
