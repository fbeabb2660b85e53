using Engram.Data.Columns;

namespace Engram.Data.Query.Execution.Rows;

/// <summary>Shows a long column a batch at a time.</summary>
internal static unsafe class ColumnSlice
{
    /// <summary>Makes the view show the source from a row on, which is a multiple of 64 so that the null mask moves by whole words.</summary>
    public static void Set(Column view, Column source, int start)
    {
        view.SetView(source);
        if (source.IsConstant)
        {
            return;
        }

        view.Data = (byte*)source.Data + ((long)start * source.Type.PhysicalSize);
        view.Nulls = source.Nulls == null ? null : source.Nulls + (start / 64);
        view.Offsets = source.Offsets == null ? null : source.Offsets + start;
    }
}
