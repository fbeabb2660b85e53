using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Aggregators;

internal enum Statistic
{
    VariancePopulation,
    VarianceSample,
    DeviationPopulation,
    DeviationSample,
    CovariancePopulation,
    CovarianceSample,
    Correlation,
    Count,
    AverageX,
    AverageY,
    SquaresX,
    SquaresY,
    Products,
    Slope,
    Intercept,
    Determination,
}

/// <summary>Variances, covariances and linear regression in float64, of one argument (x) or of two (y, x).</summary>
/// <remarks>Sums of squared distances are kept, not of squares (Youngs and Cramer), so that values far from zero lose no digits. A row counts when none of its arguments is NULL.</remarks>
internal sealed class StatisticsAggregator(Statistic statistic) : Aggregator
{
    private State[] states = [];

    public override void EnsureGroups(int groupCount)
    {
        if (groupCount > states.Length)
        {
            Array.Resize(ref states, Math.Max(groupCount, states.Length * 2));
        }
    }

    public override void Add(ReadOnlySpan<Column> arguments, Batch batch, Selection? rows, ReadOnlySpan<int> groupIds)
    {
        var (y, x) = (arguments[0], arguments[^1]);
        var count = rows?.Count ?? batch.RowCount;
        for (var i = 0; i < count; i++)
        {
            var row = rows?.Rows[i] ?? i;
            if (!x.IsNull(row) && !y.IsNull(row))
            {
                states[groupIds.IsEmpty ? 0 : groupIds[i]].Add(x.Get<double>(row), y.Get<double>(row));
            }
        }
    }

    public override void AppendResults(int first, int count, ColumnBuffer target)
    {
        for (var i = first; i < first + count; i++)
        {
            if (statistic == Statistic.Count)
            {
                target.Append((long)states[i].Count);
            }
            else if (states[i].Result(statistic) is { } result)
            {
                target.Append(result);
            }
            else
            {
                target.AppendNull();
            }
        }
    }

    private struct State
    {
        public double Count;
        private double sumX, sumY, squaresX, squaresY, products;

        public void Add(double x, double y)
        {
            Count++;
            sumX += x;
            sumY += y;
            if (Count == 1)
            {
                // A single value is at no distance from the mean, unless it has none.
                squaresX = double.IsFinite(x) ? 0 : double.NaN;
                squaresY = double.IsFinite(y) ? 0 : double.NaN;
                products = squaresX + squaresY;
                return;
            }

            var (distanceX, distanceY) = ((x * Count) - sumX, (y * Count) - sumY);
            var scale = 1 / (Count * (Count - 1));
            squaresX += distanceX * distanceX * scale;
            squaresY += distanceY * distanceY * scale;
            products += distanceX * distanceY * scale;
        }

        public readonly double? Result(Statistic statistic)
        {
            var isSample = statistic is Statistic.VarianceSample or Statistic.DeviationSample or Statistic.CovarianceSample;
            if (Count < (isSample ? 2 : 1))
            {
                return null;
            }

            return statistic switch
            {
                Statistic.VariancePopulation => squaresX / Count,
                Statistic.VarianceSample => squaresX / (Count - 1),
                Statistic.DeviationPopulation => Math.Sqrt(squaresX / Count),
                Statistic.DeviationSample => Math.Sqrt(squaresX / (Count - 1)),
                Statistic.CovariancePopulation => products / Count,
                Statistic.CovarianceSample => products / (Count - 1),
                Statistic.Correlation => squaresX == 0 || squaresY == 0 ? null : products / Math.Sqrt(squaresX * squaresY),
                Statistic.AverageX => sumX / Count,
                Statistic.AverageY => sumY / Count,
                Statistic.SquaresX => squaresX,
                Statistic.SquaresY => squaresY,
                Statistic.Products => products,
                Statistic.Slope => squaresX == 0 ? null : products / squaresX,
                Statistic.Intercept => squaresX == 0 ? null : (sumY - (sumX * products / squaresX)) / Count,
                _ => squaresX == 0 ? null : squaresY == 0 ? 1 : products * products / (squaresX * squaresY),
            };
        }
    }
}
