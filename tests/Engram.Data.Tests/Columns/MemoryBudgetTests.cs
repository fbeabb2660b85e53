using Engram.Data.Columns;

namespace Engram.Data.Tests.Columns;

/// <summary>Who may take how much of the limit beside whom.</summary>
public sealed class MemoryBudgetTests
{
    private const long Limit = 1024;

    [Fact]
    public void Half_is_for_statements_whatever_rows_and_derived_data_take()
    {
        var budget = new MemoryBudget(Limit);
        Assert.False(budget.TryReserveDerived((Limit / 2) + 1));
        Assert.True(budget.TryReserveDerived(Limit / 2));
        budget.Charge(Limit / 4);
        Assert.False(budget.TryReserveDerived(1));
        budget.Reserve(Limit / 2, "a sort");
        Assert.Equal(SqlStates.OutOfMemory, Assert.Throws<EngramException>(() => budget.Reserve(1, "a sort")).SqlState);
        Assert.Equal(Limit / 4 * 5, budget.UsedBytes);

        budget.ReleaseDerived(Limit / 2);
        budget.Reserve(Limit / 4, "a sort");
        Assert.Equal(Limit / 4 * 3, budget.ReservedBytes);

        // All of it is taken.
        Assert.False(budget.TryReserveDerived(1));
        budget.Release(Limit / 4 * 3);
        Assert.True(budget.TryReserveDerived(Limit / 4));
        Assert.Equal(Limit / 4, budget.DerivedBytes);
        Assert.False(budget.TryReserveDerived(1));
    }

    [Fact]
    public void What_is_refused_is_not_seen_by_others()
    {
        var budget = new MemoryBudget(Limit);
        budget.Reserve(Limit / 4 * 3, "a sort");
        var isTaken = false;
        var other = new Thread(() =>
        {
            for (var i = 0; i < 100_000; i++)
            {
                isTaken |= budget.TryReserveDerived(Limit / 2);
            }
        });
        other.Start();
        for (var i = 0; i < 100_000; i++)
        {
            budget.Reserve(1, "a sort");
            budget.Release(1);
        }

        other.Join();
        Assert.False(isTaken);
        Assert.Equal(Limit / 4 * 3, budget.UsedBytes);
    }
}
