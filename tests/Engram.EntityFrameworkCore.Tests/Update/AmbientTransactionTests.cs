using System.Transactions;
using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Update;

/// <summary>Contexts inside of a TransactionScope, one connection opened and closed for each operation.</summary>
public sealed class AmbientTransactionTests : IDisposable
{
    private readonly TestDatabase database = TestDatabase.Create();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Several_contexts_save_together_or_not_at_all(bool isCompleted)
    {
        using (var scope = new TransactionScope(TransactionScopeAsyncFlowOption.Enabled))
        {
            for (var i = 0; i < 3; i++)
            {
                await using var context = database.CreateContext();
                context.Add(Note(i));
                await context.SaveChangesAsync();
                Assert.Equal(i + 1, await context.Episodes.CountAsync());
            }

            if (isCompleted)
            {
                scope.Complete();
            }
        }

        await using var later = database.CreateContext();
        Assert.Equal(isCompleted ? 3 : 0, await later.Episodes.CountAsync());
    }

    [Fact]
    public void A_context_takes_part_by_hand_too()
    {
        using (var transaction = new CommittableTransaction())
        {
            using var context = database.CreateContext();
            context.Database.OpenConnection();
            context.Database.EnlistTransaction(transaction);
            context.Add(Note(1));
            context.SaveChanges();
            Assert.Same(transaction, context.Database.GetEnlistedTransaction());
            Assert.Throws<InvalidOperationException>(() => context.Database.BeginTransaction());
            transaction.Rollback();
        }

        using var later = database.CreateContext();
        Assert.Equal(0, later.Episodes.Count());
    }

    public void Dispose() => database.Dispose();

    private static Episode Note(int i) => new() { Text = $"note {i}", HappenedAt = DateTimeOffset.UnixEpoch, Embedding = new float[EpisodeSource.Dimensions] };
}
