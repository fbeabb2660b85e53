namespace Engram.Data;

/// <summary>One factory method per message. Split by topic into partial files (<c>Error.Storage.cs</c>, <c>Error.Sql.cs</c> …).</summary>
/// <remarks>
/// A method returns the exception for the caller to <c>throw</c>, so that the compiler sees control flow. Arguments are named values,
/// never preformatted text. A message says what, where, expected and found, and what to do.
/// </remarks>
internal static partial class Error
{
    /// <summary>A broken invariant of our own: not the user's fault, and not of the disk.</summary>
    public static EngramException Internal(string what)
        => new($"Internal error: {what}. This is a defect of Engram.Data; please report it with the statement that caused it.", SqlStates.InternalError);

    public static EngramException NotSupported(string feature, int position = 0)
        => new($"{feature} is not supported. See docs/limitations.md for what is, and for alternatives.", SqlStates.FeatureNotSupported, position);

    public static EngramException QueryCanceled()
        => new("The statement was cancelled before it finished; nothing that it did is kept.", SqlStates.QueryCanceled);

    public static EngramException StatementTimeout(TimeSpan timeout)
        => new($"The statement did not finish within its command timeout of {timeout.TotalSeconds:0.###} s and was cancelled. Raise CommandTimeout, or narrow the statement.", SqlStates.QueryCanceled);
}
