using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Casts;

/// <summary>Takes each array apart into a column, casts that column, and puts the result together again.</summary>
/// <remarks>Text is <c>{1,2,NULL}</c>; an element is quoted when it is empty, is the word NULL, or holds a brace, comma, quote, backslash or space.</remarks>
internal abstract class ElementwiseEvaluator : ResultEvaluator
{
    private readonly Evaluator operand;
    private readonly Evaluator elements;
    private readonly HeldEvaluator held;
    private readonly Batch batchOfElements = new(0);

    protected ElementwiseEvaluator(DataType type, Evaluator operand, DataType from, DataType to)
        : base(type)
    {
        this.operand = operand;
        Source = new ColumnBuffer(from);
        held = new HeldEvaluator(from);
        elements = CastFactory.Create(to, held, null);
    }

    /// <summary>The elements of one value, filled by <see cref="Unpack"/>.</summary>
    protected ColumnBuffer Source { get; }

    public override Column Evaluate(Batch batch, Selection? rows)
    {
        if (IsNothing(batch, rows))
        {
            return Null();
        }

        var source = operand.Evaluate(batch, rows);
        if (IsNullConstant(source))
        {
            return Null();
        }

        var isConstant = source.IsConstant;
        rows = isConstant ? null : rows;
        // Appended in order, so rows that nobody wants become NULL.
        var result = Begin(isConstant ? 1 : batch.RowCount, isConstant);
        var count = result.Count;
        result.SetCount(0);
        var next = 0;
        for (var row = 0; row < count; row++)
        {
            var isWanted = rows is null || (next < rows.Count && rows.Rows[next] == row);
            next += isWanted ? 1 : 0;
            if (!isWanted || source.IsNull(row))
            {
                result.AppendNull();
                continue;
            }

            Source.Clear();
            Unpack(source.Get<Bytes>(row));
            held.Hold(Source.Column);
            batchOfElements.RowCount = Source.Count;
            // No elements: the cast would answer with a constant, which Pack does not look at.
            Pack(result, elements.Evaluate(batchOfElements, null), Source.Count);
        }

        return result.Column;
    }

    public override void Dispose()
    {
        base.Dispose();
        operand.Dispose();
        elements.Dispose();
        Source.Dispose();
    }

    protected abstract void Unpack(Bytes value);

    protected abstract void Pack(ColumnBuffer target, Column elements, int count);
}

internal sealed class ArrayCastEvaluator(DataType type, Evaluator operand)
    : ElementwiseEvaluator(type, operand, new DataType(operand.Type.Element), new DataType(type.Element))
{
    protected override void Unpack(Bytes value) => ArrayValue.Unpack(value, Source);

    protected override void Pack(ColumnBuffer target, Column elements, int count) => ArrayValue.AppendElements(target, elements, count);
}

/// <summary>An array of any numbers to a vector.</summary>
internal sealed class ArrayToVectorEvaluator(Evaluator operand)
    : ElementwiseEvaluator(DataType.Vector(0), operand, new DataType(operand.Type.Element), DataType.Single)
{
    protected override void Unpack(Bytes value) => ArrayValue.Unpack(value, Source);

    protected override void Pack(ColumnBuffer target, Column elements, int count)
    {
        for (var i = 0; i < count; i++)
        {
            if (elements.IsNull(i))
            {
                throw Error.InvalidArgument("vector", "an array with NULL elements is no vector.");
            }

            VectorCasts.CheckFinite(elements.Get<float>(i));
        }

        target.AppendBytes(count == 0 ? default : System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(elements.Values<float>(count)));
    }
}

/// <summary>A vector to an array of numbers.</summary>
internal sealed class VectorToArrayEvaluator(DataType type, Evaluator operand)
    : ElementwiseEvaluator(type, operand, DataType.Single, new DataType(type.Element))
{
    protected override void Unpack(Bytes value)
    {
        foreach (var element in value.Floats)
        {
            Source.Append(element);
        }
    }

    protected override void Pack(ColumnBuffer target, Column elements, int count) => ArrayValue.AppendElements(target, elements, count);
}

internal sealed class FormatArrayEvaluator(DataType type, Evaluator operand)
    : ElementwiseEvaluator(type, operand, new DataType(operand.Type.Element), DataType.Text)
{
    private static readonly System.Buffers.SearchValues<byte> Special = System.Buffers.SearchValues.Create("{},\"\\ \t\r\n"u8);

    private readonly List<byte> text = [];

    protected override void Unpack(Bytes value) => ArrayValue.Unpack(value, Source);

    protected override void Pack(ColumnBuffer target, Column elements, int count)
    {
        text.Clear();
        text.Add((byte)'{');
        for (var i = 0; i < count; i++)
        {
            if (i > 0)
            {
                text.Add((byte)',');
            }

            if (elements.IsNull(i))
            {
                text.AddRange("NULL"u8);
            }
            else
            {
                AddElement(elements.Get<Bytes>(i).Span);
            }
        }

        text.Add((byte)'}');
        target.AppendBytes(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(text));
    }

    private void AddElement(ReadOnlySpan<byte> element)
    {
        if (!element.IsEmpty && element.IndexOfAny(Special) < 0 && !System.Text.Ascii.EqualsIgnoreCase(element, "null"u8))
        {
            text.AddRange(element);
            return;
        }

        text.Add((byte)'"');
        foreach (var b in element)
        {
            if (b is (byte)'"' or (byte)'\\')
            {
                text.Add((byte)'\\');
            }

            text.Add(b);
        }

        text.Add((byte)'"');
    }
}

internal sealed class ParseArrayEvaluator(DataType type, Evaluator operand)
    : ElementwiseEvaluator(type, operand, DataType.Text, new DataType(type.Element))
{
    private readonly List<byte> element = [];

    protected override void Unpack(Bytes value)
    {
        var text = value.Span.Trim(" \t\r\n"u8);
        if (text.Length < 2 || text[0] != '{' || text[^1] != '}')
        {
            throw TextValue.Invalid(Type, value);
        }

        text = text[1..^1];
        if (text.Trim((byte)' ').IsEmpty)
        {
            return;
        }

        var at = 0;
        while (true)
        {
            ReadElement(text, ref at, value);
            if (at == text.Length)
            {
                return;
            }

            // ReadElement stops at the end or at a comma.
            at++;
        }
    }

    protected override void Pack(ColumnBuffer target, Column elements, int count) => ArrayValue.AppendElements(target, elements, count);

    private void ReadElement(ReadOnlySpan<byte> text, ref int at, Bytes whole)
    {
        element.Clear();
        var isQuoted = false;
        var isOpen = false;
        for (; at < text.Length && (isOpen || text[at] != ','); at++)
        {
            switch (text[at])
            {
                case (byte)'"':
                    isOpen = !isOpen;
                    isQuoted = true;
                    break;
                case (byte)'\\' when at + 1 < text.Length:
                    element.Add(text[++at]);
                    break;
                case (byte)'{' or (byte)'}' when !isOpen:
                    throw TextValue.Invalid(Type, whole);
                default:
                    if (isOpen || !isQuoted || text[at] != ' ')
                    {
                        element.Add(text[at]);
                    }

                    break;
            }
        }

        var span = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(element);
        ReadOnlySpan<byte> content = isQuoted ? span : span.Trim((byte)' ');
        if (isOpen || (content.IsEmpty && !isQuoted))
        {
            throw TextValue.Invalid(Type, whole);
        }

        if (!isQuoted && System.Text.Ascii.EqualsIgnoreCase(content, "null"u8))
        {
            Source.AppendNull();
        }
        else
        {
            Source.AppendBytes(content);
        }
    }
}
