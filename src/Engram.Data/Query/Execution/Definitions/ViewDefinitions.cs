using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution.Definitions;

/// <summary>CREATE and DROP VIEW, and what a view forbids its tables.</summary>
/// <remarks>
/// A view is kept as text beside what the names in it stood for. It is bound anew wherever it is named, by these ids, so it follows tables and columns that are
/// renamed, and columns that are added later are not part of its <c>*</c>. A change of a table after which a view would give other columns is refused, or
/// drops the view with CASCADE.
/// </remarks>
internal static class ViewDefinitions
{
    public static void Create(CreateViewSyntax create, string text, Transaction transaction)
    {
        var catalog = transaction.Catalog;
        var schema = DdlExecutor.SchemaOf(catalog, create.Name);
        var name = NameMatch.Fold(create.Name.Name);
        var old = create.OrReplace ? NameMatch.FindObject<ViewDefinition>(catalog, create.Name) : null;
        if (old is null)
        {
            DdlExecutor.IsNameFree(catalog, schema, name, ifNotExists: false, create.Name.Position);
        }

        var statement = new StatementScope(catalog, ImmutableDictionary<string, DataType>.Empty) { Sources = [] };
        var query = new QueryBinder(statement).Bind(create.Query, null, null);
        if (statement.Sources.FirstOrDefault(s => s.Table is { } id && catalog.Get(id).IsTemporary) is { } source)
        {
            throw Error.NotSupported($"A view over a temporary table ('{source.Name}')", create.Query.Position + 1);
        }

        var columns = NameColumns(create, query);
        if (old is not null)
        {
            CheckReplacement(old, columns, create.Position);
        }

        var view = new ViewDefinition(old?.Id ?? new ObjectId(catalog.ObjectIdNext), schema, old?.Name ?? name, create.Query.Span.Of(text))
        {
            Columns = columns,
            Sources = [.. statement.Sources],
            Comment = old?.Comment,
            CheckOption = create.CheckOption,
        };
        if (old is not null && Reaches(catalog, view, old.Id))
        {
            throw Error.InvalidTableDefinition($"View '{old}' would read itself.", create.Position);
        }

        if (view.CheckOption != ViewCheck.None && WriteTarget.TryCreate(new StatementScope(catalog, ImmutableDictionary<string, DataType>.Empty), view, out var reason) is null)
        {
            throw Error.NotSupported($"WITH CHECK OPTION of view '{view}', which cannot be written through since {reason},", create.Position + 1);
        }

        transaction.PutObject(view);
    }

    public static void Drop(DropSyntax drop, Transaction transaction)
    {
        var views = drop.Names.Select(name => Find(transaction.Catalog, name, drop.IfExists)).OfType<ViewDefinition>().DistinctBy(v => v.Id).ToList();
        var ids = views.Select(v => v.Id).ToHashSet();
        foreach (var view in views)
        {
            DropDependents(transaction, $"View '{view}'", s => s.View == view.Id, drop.IsCascade, drop.Position, ids);
        }

        foreach (var id in ids.Where(transaction.Catalog.Objects.ContainsKey))
        {
            transaction.DropObject(id);
        }
    }

    public static ViewDefinition? Find(DatabaseCatalog catalog, ObjectNameSyntax name, bool ifExists)
        => NameMatch.FindObject<ViewDefinition>(catalog, name)
            ?? (DdlExecutor.IsOtherKind(catalog, name) ? throw Error.WrongKind(name.ToString(), "view", name.Position)
                : ifExists ? null : throw Error.UndefinedView(name.ToString(), name.Position));

    /// <summary>Before something is dropped: drops the views that read it with CASCADE, and refuses without.</summary>
    /// <param name="except">Views that are dropped too.</param>
    public static void DropDependents(
        Transaction transaction, string what, Predicate<ViewSource> reads, bool isCascade, int position, IReadOnlySet<ObjectId>? except = null)
    {
        while (transaction.Catalog.Views.FirstOrDefault(v => except?.Contains(v.Id) != true && v.Sources.Any(s => reads(s))) is { } view)
        {
            if (!isCascade)
            {
                throw Error.DependentObjects(what, $"view '{view}'; drop it first, or write CASCADE", position);
            }

            DropDependents(transaction, $"View '{view}'", s => s.View == view.Id, isCascade, position, except);
            if (transaction.Catalog.Objects.ContainsKey(view.Id))
            {
                transaction.DropObject(view.Id);
            }
        }
    }

    /// <summary>After a table was changed: every view that reads it must give the columns that it gave.</summary>
    public static void CheckDependents(Transaction transaction, TableDefinition table, bool isCascade, int position)
    {
        foreach (var view in transaction.Catalog.Views.Where(v => v.Sources.Any(s => s.Table == table.Id)).ToList())
        {
            if (!transaction.Catalog.Objects.ContainsKey(view.Id) || Holds(transaction.Catalog, view))
            {
                continue;
            }

            if (!isCascade)
            {
                throw Error.DependentObjects($"What is changed of table '{table}'", $"view '{view}'; drop it first", position);
            }

            DropDependents(transaction, $"View '{view}'", s => s.View == view.Id, isCascade, position);
            transaction.DropObject(view.Id);
        }
    }

    private static bool Holds(DatabaseCatalog catalog, ViewDefinition view)
    {
        try
        {
            var query = new StatementScope(catalog, ImmutableDictionary<string, DataType>.Empty).BindView(view);
            return query.Columns.Select(c => c.Type with { Collation = Collation.Default }).SequenceEqual(view.Columns.Select(c => c.Type));
        }
        catch (EngramException e) when (e.SqlState is not (SqlStates.InternalError or SqlStates.OutOfMemory))
        {
            // Whatever it is: the view could not be read any more.
            return false;
        }
    }

    private static ImmutableArray<ViewColumn> NameColumns(CreateViewSyntax create, BoundQuery query)
    {
        if (create.Columns.Count > query.Columns.Length)
        {
            throw Error.ColumnCount($"The list of columns of {create.Name}", query.Columns.Length, create.Columns.Count, create.Position);
        }

        var columns = ImmutableArray.CreateBuilder<ViewColumn>(query.Columns.Length);
        for (var i = 0; i < query.Columns.Length; i++)
        {
            var name = i < create.Columns.Count ? NameMatch.Fold(create.Columns[i]) : query.Columns[i].Name;
            if (columns.Any(c => c.Name == name))
            {
                throw Error.DuplicateColumn(name, i < create.Columns.Count ? create.Columns[i].Position : create.Query.Position);
            }

            columns.Add(new ViewColumn(name, query.Columns[i].Type with { Collation = Collation.Default }));
        }

        return columns.MoveToImmutable();
    }

    /// <summary>Those who read the view count on its columns: new ones may only come behind them.</summary>
    private static void CheckReplacement(ViewDefinition old, ImmutableArray<ViewColumn> columns, int position)
    {
        for (var i = 0; i < old.Columns.Length; i++)
        {
            if (i >= columns.Length || columns[i] != old.Columns[i])
            {
                throw Error.InvalidTableDefinition(
                    $"View '{old}' has a column '{old.Columns[i].Name}' of type {old.Columns[i].Type} in place {i + 1}, and CREATE OR REPLACE VIEW keeps those that are there. Drop the view, and create it anew.", position);
            }
        }
    }

    private static bool Reaches(DatabaseCatalog catalog, ViewDefinition view, ObjectId target)
        => view.Sources.Any(s => s.View is { } id && (id == target || (catalog.Objects.GetValueOrDefault(id) is ViewDefinition inner && Reaches(catalog, inner, target))));
}
