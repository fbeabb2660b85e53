namespace Engram.Data.Engine;

/// <summary>One command being executed: its texts, statement by statement, each with its parameters.</summary>
/// <remarks>Each statement is bound right before it runs, so that it sees what the ones before it made of the schema. Used by one thread at a time.</remarks>
internal sealed class ScriptRun(Session session, (string Sql, ParameterList Parameters)[] items, Interrupt interrupt, bool isSchemaOnly) : IDisposable
{
    private Script? script;
    private int statementIndex;

    /// <summary>Which of the items the last result came from.</summary>
    public int ItemIndex { get; private set; } = -1;

    /// <summary>Which of the item's statements ran last; -1 before the first.</summary>
    public int StatementIndex => script is null ? -1 : statementIndex - 1;

    public Interrupt Interrupt { get; } = interrupt;

    /// <summary>Runs the next statement; null at the end.</summary>
    /// <remarks>Not an asynchronous method itself: it waits for nothing.</remarks>
    public ValueTask<ResultReader?> NextAsync(bool isAsync)
    {
        while (script is null || statementIndex == script.Statements.Length)
        {
            if (ItemIndex + 1 >= items.Length)
            {
                return default;
            }

            script = null;
            script = session.Prepare(items[++ItemIndex].Sql, Interrupt.Token);
            statementIndex = 0;
        }

        var statement = script.Statements[statementIndex++];
        return session.ExecuteAsync(statement, items[ItemIndex].Parameters, Interrupt, isSchemaOnly, isAsync)!;
    }

    /// <summary>Nothing further runs.</summary>
    public void Dispose() => Interrupt.Dispose();
}
