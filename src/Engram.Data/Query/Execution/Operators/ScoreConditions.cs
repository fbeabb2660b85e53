using System.Collections.Immutable;
using Engram.Data.Columns;
using Engram.Data.Kernels;
using Engram.Data.Query.Planning;

namespace Engram.Data.Query.Execution.Operators;

/// <summary>What every row of a search must satisfy by its score, with the values of this run.</summary>
internal sealed class ScoreConditions
{
    /// <summary>More than what a subtraction from 1 can be off, relative to its greatest part.</summary>
    private const double Slack = 1e-12;

    private readonly (ScoreForm Form, ComparisonKind Comparison, double Value)[] conditions;

    private ScoreConditions((ScoreForm, ComparisonKind, double)[] conditions)
    {
        this.conditions = conditions;
        foreach (var (form, comparison, value) in conditions)
        {
            var isUpper = (form == ScoreForm.Distance) == (comparison is ComparisonKind.Less or ComparisonKind.LessOrEqual);
            if (isUpper && !double.IsNaN(value))
            {
                Limit = Math.Min(Limit, Score(form, value));
            }
        }
    }

    /// <summary>Whether there are any: then a row without a vector, whose distance is NULL, satisfies them never.</summary>
    public bool Any => conditions.Length > 0;

    /// <summary>No score above it satisfies them.</summary>
    public double Limit { get; } = double.PositiveInfinity;

    /// <summary>Evaluates the values; null when one is NULL, so that no row satisfies it.</summary>
    public static ScoreConditions? Evaluate(ImmutableArray<ScoreCondition> conditions, StatementContext context)
    {
        var values = new (ScoreForm, ComparisonKind, double)[conditions.Length];
        var unit = new Batch(0) { RowCount = 1 };
        for (var i = 0; i < values.Length; i++)
        {
            using var evaluator = EvaluatorFactory.Create(conditions[i].Value, context);
            var value = evaluator.Evaluate(unit, null);
            if (value.IsNull(0))
            {
                return null;
            }

            values[i] = (conditions[i].Form, conditions[i].Comparison, value.Get<double>(0));
        }

        return new ScoreConditions(values);
    }

    /// <summary>At least every score of which the form is equal to that of this one.</summary>
    public static double TieLimit(ScoreForm form, double score) => form == ScoreForm.OneMinus ? score + (Slack * (1 + Math.Abs(score))) : score;

    public bool Accept(double score)
    {
        foreach (var (form, comparison, value) in conditions)
        {
            var compared = form switch { ScoreForm.OneMinus => 1 - score, ScoreForm.Negated => -score, _ => score };
            if (!Compare.Test(compared, value, comparison))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The greatest score of which the form is a value, or somewhat more.</summary>
    private static double Score(ScoreForm form, double value) => form switch
    {
        ScoreForm.OneMinus => 1 - value + (Slack * (1 + Math.Abs(value))),
        ScoreForm.Negated => -value,
        _ => value,
    };
}
