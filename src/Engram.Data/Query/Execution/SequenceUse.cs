using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Syntax;
using Engram.Data.Storage.Catalog;
using Engram.Data.Storage.Transactions;

namespace Engram.Data.Query.Execution;

/// <summary>What nextval gave in one session, for currval and lastval. Used by one thread at a time.</summary>
internal sealed class SequenceUse
{
    private readonly Dictionary<ObjectId, long> given = [];
    private ObjectId? last;

    /// <summary>Whether the session may not change anything, and so may take no numbers.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Finds a sequence by the text of its name, quoted where need be.</summary>
    public static SequenceDefinition Find(DatabaseCatalog catalog, string name)
        => NameMatch.FindObject<SequenceDefinition>(catalog, Parser.ParseNameText(name)) ?? throw Error.UndefinedSequence(name, -1);

    public long Next(SequenceDefinition sequence, StatementContext context)
    {
        var counters = Counters(context, "nextval");
        var value = counters.Of(sequence).Take(sequence, out var isCovered);
        if (!isCovered && context.Transaction is null)
        {
            counters.TryLog();
        }

        given[sequence.Id] = value;
        last = sequence.Id;
        return value;
    }

    /// <summary>The number that nextval gave last in this session.</summary>
    public long Current(SequenceDefinition sequence)
        => given.TryGetValue(sequence.Id, out var value) ? value : throw Error.SequenceNotUsed($"Sequence '{sequence}' has");

    public long Last() => last is { } id ? given[id] : throw Error.SequenceNotUsed("No sequence has");

    public void Set(SequenceDefinition sequence, long value, bool isCalled, StatementContext context)
    {
        if (value < sequence.Min || value > sequence.Max)
        {
            throw Error.SequenceOutOfBounds(sequence.ToString(), value, sequence.Min, sequence.Max);
        }

        var counters = Counters(context, "setval");
        counters.Of(sequence).Set(new SequenceValue(value, isCalled));
        if (context.Transaction is null)
        {
            counters.TryLog();
        }

        if (isCalled)
        {
            given[sequence.Id] = value;
        }
    }

    private SequenceCounters Counters(StatementContext context, string function)
        => IsReadOnly ? throw Error.ReadOnlyConnection(function) : context.Snapshot.Sequences ?? throw Error.ReadOnlyConnection(function);
}
