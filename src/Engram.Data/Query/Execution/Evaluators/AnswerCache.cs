using System.Runtime.InteropServices;
using Engram.Data.Columns;
using Engram.Data.Query.Binding;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Evaluators;

/// <summary>The answers of a correlated subquery by the outer values that it was run for, so that equal values do not run it again.</summary>
/// <remarks>
/// <para>A query of a thousand rows often has a dozen different outer values: groups, parents, categories. What cannot be joined instead (<see cref="SubqueryDecorrelation"/>) runs once for each.</para>
/// <para>Keys are the bytes of the values, not what is equal: 1.0 and 1.00, or an instant with two offsets, are equal and may still give different answers. A subquery that is not
/// <see cref="IsPossible">the same each time</see> has no cache.</para>
/// <para>At most <see cref="SizeBytesMax"/> are kept, then it begins anew; it does without when the memory is needed for rows, and when values hardly ever come again.</para>
/// </remarks>
internal sealed unsafe class AnswerCache : IDisposable
{
    private const long SizeBytesMax = 4L * 1024 * 1024;

    // Greater answers are not kept: a few of them would drive all others out.
    private const long AnswerSizeBytesMax = SizeBytesMax / 4;

    // A key, its entry in the table, the array's head.
    private const int EntrySizeBytes = 80;

    // After so many rows without one in eight that was known, nothing is kept any more.
    private const int TrialRows = 512;

    private readonly MemoryBudget? budget;
    private readonly Dictionary<byte[], int> rows = new(new KeyEquality());
    private readonly Dictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> lookup;
    private ColumnBuffer answers;
    private byte[] key = new byte[64];
    private int keySize;
    private long keysSizeBytes;
    private long reservedBytes;
    private int asked;
    private int known;
    private bool isOff;

    public AnswerCache(DataType type, MemoryBudget? budget)
    {
        this.budget = budget;
        answers = new ColumnBuffer(type);
        lookup = rows.GetAlternateLookup<ReadOnlySpan<byte>>();
    }

    ~AnswerCache() => budget?.ReleaseDerived(reservedBytes);

    /// <summary>Whether a plan gives the same rows each time that what it reads from outside is the same.</summary>
    public static bool IsPossible(Plan plan) => plan switch
    {
        ScanPlan or IndexProbePlan or IndexScanPlan or KeyedScanPlan or FilterPlan or ProjectPlan or AggregatePlan or DistinctPlan or SortPlan or LimitPlan or JoinPlan or ApplyPlan
            or ValuesPlan or UnionAllPlan or WindowPlan => PlanWalker.Expressions(plan).All(IsSame) && PlanWalker.Inputs(plan).All(IsPossible),
        _ => false,
    };

    /// <summary>Begins the key of a row.</summary>
    public void BeginKey() => keySize = 0;

    /// <summary>Adds a value to the key.</summary>
    public void AddToKey(Column column, int row)
    {
        if (column.IsNull(row))
        {
            Room(1)[0] = 1;
            return;
        }

        Room(1)[0] = 0;
        var at = column.At(row);
        if (column.Type.IsByReference)
        {
            var bytes = ((Bytes*)column.Data)[at];
            var size = bytes.Length;
            MemoryMarshal.Write(Room(sizeof(int)), size);
            bytes.Span.CopyTo(Room(size));
            return;
        }

        var width = column.Type.PhysicalSize;
        new ReadOnlySpan<byte>((byte*)column.Data + ((long)at * width), width).CopyTo(Room(width));
        if (column.Type.HasOffsets)
        {
            MemoryMarshal.Write(Room(sizeof(short)), column.GetOffset(row));
        }
    }

    /// <summary>The answer for the key that was made last; false when it is not known.</summary>
    public bool TryGet(out Column answer, out int row)
    {
        answer = answers.Column;
        row = -1;
        if (isOff)
        {
            return false;
        }

        if (++asked == TrialRows && known * 8 < TrialRows)
        {
            TurnOff();
            return false;
        }

        if (!lookup.TryGetValue(key.AsSpan(0, keySize), out row))
        {
            return false;
        }

        known++;
        return true;
    }

    /// <summary>Keeps the answer for the key that was made last.</summary>
    public void Add(Column answer, int row)
    {
        if (isOff || keySize + SizeBytesOf(answer, row) > AnswerSizeBytesMax)
        {
            return;
        }

        if (SizeBytes > SizeBytesMax)
        {
            Forget();
        }

        rows.Add(key.AsSpan(0, keySize).ToArray(), answers.Count);
        answers.AppendFrom(answer, row);
        keysSizeBytes += keySize + EntrySizeBytes;
        if (budget is not null && SizeBytes > Math.Max(reservedBytes, MemoryBudget.StepBytes))
        {
            var more = Math.Max(SizeBytes - reservedBytes, MemoryBudget.StepBytes);
            if (!budget.TryReserveDerived(more))
            {
                TurnOff();
                return;
            }

            reservedBytes += more;
        }
    }

    public void Dispose()
    {
        answers.Dispose();
        Release();
        GC.SuppressFinalize(this);
    }

    private long SizeBytes => keysSizeBytes + answers.SizeBytes;

    private static long SizeBytesOf(Column answer, int row)
        => answer.Type.IsByReference && !answer.IsNull(row) ? ((Bytes*)answer.Data)[answer.At(row)].Length : 0;

    private static bool IsSame(BoundExpression expression) => expression switch
    {
        BoundCall { Function.Volatility: Volatility.Volatile } => false,
        BoundSubquery subquery => IsPossible(subquery.Plan) && PlanWalker.Children(expression).All(IsSame),
        _ => PlanWalker.Children(expression).All(IsSame),
    };

    private void TurnOff()
    {
        isOff = true;
        Forget();
        Release();
    }

    private void Forget()
    {
        rows.Clear();
        rows.TrimExcess();
        keysSizeBytes = 0;

        // A cleared buffer keeps the memory of its values.
        var type = answers.Column.Type;
        answers.Dispose();
        answers = new ColumnBuffer(type);
    }

    private void Release()
    {
        budget?.ReleaseDerived(reservedBytes);
        reservedBytes = 0;
    }

    private Span<byte> Room(int size)
    {
        if (key.Length - keySize < size)
        {
            Array.Resize(ref key, Math.Max(key.Length * 2, keySize + size));
        }

        keySize += size;
        return key.AsSpan(keySize - size, size);
    }

    private sealed class KeyEquality : IEqualityComparer<byte[]>, IAlternateEqualityComparer<ReadOnlySpan<byte>, byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] key) => GetHashCode(key.AsSpan());

        public bool Equals(ReadOnlySpan<byte> alternate, byte[] other) => alternate.SequenceEqual(other);

        public byte[] Create(ReadOnlySpan<byte> alternate) => alternate.ToArray();

        public int GetHashCode(ReadOnlySpan<byte> alternate)
        {
            var hash = default(HashCode);
            hash.AddBytes(alternate);
            return hash.ToHashCode();
        }
    }
}
