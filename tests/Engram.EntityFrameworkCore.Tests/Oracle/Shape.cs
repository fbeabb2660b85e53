using Engram.EntityFrameworkCore.Tests.Model;

namespace Engram.EntityFrameworkCore.Tests.Oracle;

/// <summary>What a query is asked of: a database, or lists.</summary>
public sealed record QuerySource(IQueryable<Episode> Episodes, IQueryable<TouchedFile> Files);

/// <summary>One query, to be answered by the database and by LINQ-to-Objects. The result is complete: lists, never queries.</summary>
public sealed record Shape(string Name, Func<QuerySource, object?> InDatabase, Func<QuerySource, object?> InMemory)
{
    public Shape(string name, Func<QuerySource, object?> run)
        : this(name, run, run)
    {
    }

    public override string ToString() => Name;
}
