using System.Text;
using System.Text.RegularExpressions;
using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Tables;

/// <summary>string_to_table(text, separator [, null]): the elements of string_to_array as rows.</summary>
internal sealed class StringToTable : TableFunction
{
    private readonly ColumnBuffer memory = new(DataType.ArrayOf(TypeKind.Text), 1);
    private readonly ColumnBuffer parts = new(DataType.Text);
    private readonly Column[] held = new Column[3];
    private StringToArray split;
    private int next;

    public override void Begin(ReadOnlySpan<Column> arguments)
    {
        arguments.CopyTo(held);
        next = 0;
        memory.Clear();
        parts.Clear();
        if (split.Invoke(held[..arguments.Length], 0, memory, out var array))
        {
            ArrayValue.Unpack(array, parts);
        }
    }

    public override int Append(ReadOnlySpan<ColumnBuffer> targets, int countMax)
    {
        var count = Math.Min(parts.Count - next, countMax);
        for (var i = 0; i < count; i++)
        {
            targets[0].AppendFrom(parts.Column, next++);
        }

        return count;
    }

    public override void Dispose()
    {
        base.Dispose();
        memory.Dispose();
        parts.Dispose();
    }
}

/// <summary>regexp_split_to_table(text, pattern [, flags]).</summary>
internal sealed class RegexSplitToTable : TableFunction
{
    private RegexArgument argument;
    private IEnumerator<ReadOnlyMemory<char>>? parts;

    public override void Begin(ReadOnlySpan<Column> arguments)
    {
        var source = arguments[0].Get<Bytes>(0);
        var letters = arguments.Length > 2 ? arguments[2].Get<Bytes>(0).Span : default;
        var regex = argument.Of(arguments[1].Get<Bytes>(0).Span, letters, RegexFlags.None, isGlobalAllowed: false).For(source.Span);
        parts = RegexSplit.Parts(regex, source.Text).GetEnumerator();
    }

    public override int Append(ReadOnlySpan<ColumnBuffer> targets, int countMax)
    {
        var count = 0;
        for (; count < countMax && parts!.MoveNext(); count++)
        {
            targets[0].AppendText(parts.Current.Span);
        }

        return count;
    }
}

/// <summary>regexp_matches(text, pattern [, flags]): the groups of the first match, with the flag g of every match.</summary>
internal sealed class RegexMatchesTable : TableFunction
{
    private readonly ColumnBuffer memory = new(DataType.ArrayOf(TypeKind.Text), 1);
    private RegexArgument argument;
    private ArrayWriter writer;
    private RegexMatches matches;
    private Match match = Match.Empty;

    public override void Begin(ReadOnlySpan<Column> arguments)
    {
        var source = arguments[0].Get<Bytes>(0);
        var letters = arguments.Length > 2 ? arguments[2].Get<Bytes>(0).Span : default;
        matches = new RegexMatches(argument.Of(arguments[1].Get<Bytes>(0).Span, letters, RegexFlags.None, isGlobalAllowed: true).For(source.Span), source.Text, 0);
        match = matches.First;
    }

    public override int Append(ReadOnlySpan<ColumnBuffer> targets, int countMax)
    {
        var count = 0;
        for (; count < countMax && match.Success; count++)
        {
            memory.Clear();
            targets[0].AppendBytes(RegexMatchGroups.Groups(match, ref writer, memory).Span);
            match = (argument.Flags & RegexFlags.Global) != 0 ? matches.After(match) : Match.Empty;
        }

        return count;
    }

    public override void Dispose()
    {
        base.Dispose();
        memory.Dispose();
    }
}
