using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Execution.Windows;

/// <summary>Computes one call with OVER, a partition at a time.</summary>
internal abstract class WindowFunction : IDisposable
{
    /// <summary>Whether it looks at the frames of rows.</summary>
    public virtual bool ReadsFrames => false;

    /// <summary>Appends a value for each row of the partition, in its order.</summary>
    public abstract void Compute(WindowPartition partition, ColumnBuffer result);

    public virtual void Dispose()
    {
    }
}

internal sealed class RowNumber : WindowFunction
{
    public override void Compute(WindowPartition partition, ColumnBuffer result)
    {
        for (var i = 0; i < partition.Count; i++)
        {
            result.Append(i + 1L);
        }
    }
}

internal sealed class Rank : WindowFunction
{
    public override void Compute(WindowPartition partition, ColumnBuffer result)
    {
        for (var i = 0; i < partition.Count; i++)
        {
            result.Append(partition.PeerStarts[i] + 1L);
        }
    }
}

internal sealed class DenseRank : WindowFunction
{
    public override void Compute(WindowPartition partition, ColumnBuffer result)
    {
        for (var i = 0; i < partition.Count; i++)
        {
            result.Append(partition.PeerGroups[i] + 1L);
        }
    }
}

internal sealed class PercentRank : WindowFunction
{
    public override void Compute(WindowPartition partition, ColumnBuffer result)
    {
        for (var i = 0; i < partition.Count; i++)
        {
            result.Append(partition.Count == 1 ? 0.0 : (double)partition.PeerStarts[i] / (partition.Count - 1));
        }
    }
}

internal sealed class CumulativeDistribution : WindowFunction
{
    public override void Compute(WindowPartition partition, ColumnBuffer result)
    {
        for (var i = 0; i < partition.Count; i++)
        {
            result.Append((double)partition.PeerEnds[i] / partition.Count);
        }
    }
}

internal sealed class Ntile : WindowFunction
{
    public override void Compute(WindowPartition partition, ColumnBuffer result)
    {
        // The first row says how many parts there are.
        var argument = partition.Arguments[0];
        if (argument.IsNull(partition.Rows[0]))
        {
            for (var i = 0; i < partition.Count; i++)
            {
                result.AppendNull();
            }

            return;
        }

        var parts = argument.Get<int>(partition.Rows[0]);
        if (parts <= 0)
        {
            throw Error.NtileNotPositive(parts);
        }

        // The first parts have one row more when it does not come out even.
        var (size, larger) = Math.DivRem(partition.Count, parts);
        for (var i = 0; i < partition.Count; i++)
        {
            var inLarger = larger * (size + 1);
            result.Append(i < inLarger ? (i / (size + 1)) + 1 : larger + ((i - inLarger) / size) + 1);
        }
    }
}

/// <summary>lag and lead.</summary>
internal sealed class Neighbour(bool isLater) : WindowFunction
{
    public override void Compute(WindowPartition partition, ColumnBuffer result)
    {
        var arguments = partition.Arguments;
        var rows = partition.Rows;
        for (var i = 0; i < rows.Length; i++)
        {
            var distance = 1L;
            if (arguments.Length > 1)
            {
                if (arguments[1].IsNull(rows[i]))
                {
                    result.AppendNull();
                    continue;
                }

                distance = arguments[1].Get<int>(rows[i]);
            }

            var at = isLater ? i + distance : i - distance;
            if (at >= 0 && at < rows.Length)
            {
                result.AppendFrom(arguments[0], rows[(int)at]);
            }
            else if (arguments.Length > 2)
            {
                result.AppendFrom(arguments[2], rows[i]);
            }
            else
            {
                result.AppendNull();
            }
        }
    }
}

internal sealed class FirstValue : WindowFunction
{
    public override bool ReadsFrames => true;

    public override void Compute(WindowPartition partition, ColumnBuffer result)
    {
        for (var i = 0; i < partition.Count; i++)
        {
            var parts = partition.Frames.Parts(i);
            if (parts.Count == 0)
            {
                result.AppendNull();
            }
            else
            {
                result.AppendFrom(partition.Arguments[0], partition.Rows[parts[0].Start]);
            }
        }
    }
}

internal sealed class LastValue : WindowFunction
{
    public override bool ReadsFrames => true;

    public override void Compute(WindowPartition partition, ColumnBuffer result)
    {
        for (var i = 0; i < partition.Count; i++)
        {
            var parts = partition.Frames.Parts(i);
            if (parts.Count == 0)
            {
                result.AppendNull();
            }
            else
            {
                result.AppendFrom(partition.Arguments[0], partition.Rows[parts[parts.Count - 1].End - 1]);
            }
        }
    }
}

internal sealed class NthValue : WindowFunction
{
    public override bool ReadsFrames => true;

    public override void Compute(WindowPartition partition, ColumnBuffer result)
    {
        for (var i = 0; i < partition.Count; i++)
        {
            var number = partition.Arguments[1];
            var row = partition.Rows[i];
            if (number.IsNull(row))
            {
                result.AppendNull();
                continue;
            }

            var left = number.Get<int>(row) - 1;
            if (left < 0)
            {
                throw Error.NthValueNotPositive(left + 1);
            }

            var parts = partition.Frames.Parts(i);
            var at = -1;
            for (var p = 0; p < parts.Count && at < 0; p++)
            {
                var length = parts[p].End - parts[p].Start;
                at = left < length ? parts[p].Start + left : -1;
                left -= length;
            }

            if (at < 0)
            {
                result.AppendNull();
            }
            else
            {
                result.AppendFrom(partition.Arguments[0], partition.Rows[at]);
            }
        }
    }
}
