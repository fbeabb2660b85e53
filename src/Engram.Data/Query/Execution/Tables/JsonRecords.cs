using System.Collections.Immutable;
using System.Text;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Execution.Casts;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Tables;

/// <summary>jsonb_to_recordset and jsonb_to_record: objects as rows, their members as the columns that the query names.</summary>
/// <remarks>
/// A member becomes a column's value as its text would, cast to the column's type, so a string of digits is a number; what is missing or null is NULL. Columns of
/// type json take the member as it is, arrays take a json array element by element.
/// </remarks>
internal sealed class JsonRecords : TableFunction
{
    private readonly bool isSet;
    private readonly Member[] members;
    private Bytes value;
    private int place;
    private bool isDone;

    public JsonRecords(ImmutableArray<TableFunctionColumn> columns, bool isSet)
    {
        this.isSet = isSet;
        members = [.. columns.Select(c => new Member(c))];
    }

    public override void Begin(ReadOnlySpan<Column> arguments)
    {
        value = arguments[0].Get<Bytes>(0);
        (place, isDone) = (0, false);
        var wanted = isSet ? JsonKind.Array : JsonKind.Object;
        if (JsonText.KindOf(value.Span) != wanted)
        {
            throw Error.JsonKind(isSet ? "jsonb_to_recordset" : "jsonb_to_record", isSet ? "an array of objects" : "an object", JsonPart.Describe(value.Span));
        }
    }

    public override int Append(ReadOnlySpan<ColumnBuffer> targets, int countMax)
    {
        foreach (var member in members)
        {
            member.Clear();
        }

        var count = 0;
        if (!isSet && !isDone)
        {
            AddRecord(value.Span);
            (count, isDone) = (1, true);
        }
        else if (isSet)
        {
            var walk = new JsonWalk(value.Span, place);
            for (; count < countMax && walk.Next(); count++)
            {
                AddRecord(walk.Value);
            }

            place = walk.Place;
        }

        for (var i = 0; i < members.Length && count > 0; i++)
        {
            members[i].AppendTo(targets[i], count);
        }

        return count;
    }

    public override void Dispose()
    {
        base.Dispose();
        foreach (var member in members)
        {
            member.Dispose();
        }
    }

    /// <summary>A value as text: strings without quotes, null as NULL.</summary>
    public static void AppendText(ColumnBuffer target, ReadOnlySpan<byte> part)
    {
        switch (part[0])
        {
            case (byte)'n':
                target.AppendNull();
                break;
            case (byte)'"':
                var inside = JsonText.Inside(part);
                target.AppendBytes(inside.IndexOf((byte)'\\') < 0 ? inside : JsonText.Unescaped(inside));
                break;
            default:
                target.AppendBytes(part);
                break;
        }
    }

    private void AddRecord(ReadOnlySpan<byte> record)
    {
        if (record[0] != '{')
        {
            throw Error.JsonKind("jsonb_to_recordset", "an array of objects", "an array with " + JsonPart.Describe(record) + " in it");
        }

        foreach (var member in members)
        {
            member.Add(record[JsonText.FindMember(record, member.RawName)]);
        }
    }

    /// <summary>One column: members are collected as texts, and cast all at once.</summary>
    private sealed class Member : IDisposable
    {
        private readonly DataType type;
        private readonly ColumnBuffer source;
        private readonly ColumnBuffer elements = new(DataType.Text);
        private readonly HeldEvaluator held;
        private readonly Evaluator cast;
        private readonly Batch batch = new(0);

        public Member(TableFunctionColumn column)
        {
            type = column.Type;
            RawName = JsonPart.Escape(Encoding.UTF8.GetBytes(column.Name));
            source = new ColumnBuffer(type.Kind == TypeKind.Array ? DataType.ArrayOf(TypeKind.Text) : type.Kind == TypeKind.Json ? DataType.Json : DataType.Text);
            held = new HeldEvaluator(source.Type);
            cast = CastFactory.Create(type, held, null);
        }

        public byte[] RawName { get; }

        public void Clear() => source.Clear();

        public void Add(ReadOnlySpan<byte> part)
        {
            if (part.IsEmpty || part[0] == 'n')
            {
                source.AppendNull();
            }
            else if (type.Kind == TypeKind.Json)
            {
                source.AppendBytes(part);
            }
            else if (type.Kind == TypeKind.Array)
            {
                AddArray(part);
            }
            else
            {
                AppendText(source, part);
            }
        }

        public void AppendTo(ColumnBuffer target, int count)
        {
            held.Hold(source.Column);
            batch.RowCount = count;
            var result = cast.Evaluate(batch, null);
            for (var i = 0; i < count; i++)
            {
                target.AppendFrom(result, i);
            }
        }

        public void Dispose()
        {
            source.Dispose();
            elements.Dispose();
            cast.Dispose();
        }

        private void AddArray(ReadOnlySpan<byte> part)
        {
            if (part[0] != '[')
            {
                throw Error.JsonKind($"A column of type {type}", "a json array", JsonPart.Describe(part));
            }

            elements.Clear();
            var walk = new JsonWalk(part);
            while (walk.Next())
            {
                AppendText(elements, walk.Value);
            }

            ArrayValue.AppendElements(source, elements.Column, elements.Count);
        }
    }
}
