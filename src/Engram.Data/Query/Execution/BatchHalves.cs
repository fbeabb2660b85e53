using Engram.Data.Columns;

namespace Engram.Data.Query.Execution;

/// <summary>Computes for a batch in parts when the values of the whole are too large to be held at once.</summary>
/// <remarks>
/// <para>An expression is computed for up to 2,048 rows at a time, and what it makes of them is in memory at the same time: 2,048 texts of a megabyte are two gigabytes. How large values will
/// be is known only when they are made, so whoever computes begins with the whole batch. <see cref="ColumnBuffer"/> gives up when the values have become too large together, and then the
/// two halves are computed one after the other, each by the same rule, down to one row. A value that is too large by itself is refused as before: no part would help.</para>
/// <para>Who does so must not have acted on the rows yet when the values are refused: it computes first, all of its expressions, and acts then. A volatile function runs again for rows that were
/// computed already: a sequence skips numbers.</para>
/// </remarks>
internal static class BatchHalves
{
    /// <summary>Whether halves of the batch may succeed where it failed.</summary>
    public static bool Help(EngramException error, Batch batch) => error.IsOfSeveralValues && batch.SelectedCount > 1;

    /// <summary>The same batch with the first half of its rows selected, and with the other half.</summary>
    /// <returns>Valid as long as the batch, whatever is selected in it.</returns>
    public static (Batch First, Batch Second) Of(Batch batch)
    {
        var half = batch.SelectedCount / 2;
        return (Part(batch, 0, half), Part(batch, half, batch.SelectedCount));
    }

    private static Batch Part(Batch batch, int start, int end)
    {
        var selection = new Selection();
        for (var i = start; i < end; i++)
        {
            selection.Add(batch.RowAt(i));
        }

        var part = new Batch(batch.Columns.Length) { RowCount = batch.RowCount, Selection = selection };
        batch.Columns.CopyTo(part.Columns, 0);
        return part;
    }
}
