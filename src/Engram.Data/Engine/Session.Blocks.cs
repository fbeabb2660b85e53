using Engram.Data.Columns;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Engine;

/// <summary>DO: statements under conditions, as one statement.</summary>
/// <remarks>
/// In a transaction, a block that fails is undone alone, as every statement is, by a savepoint; outside of one it is a transaction of its own, which takes the write lock
/// with its first write: a script whose conditions do not hold waits for nobody. Each statement is bound when it is its turn, and sees what those before it made.
/// </remarks>
internal sealed partial class Session
{
    private const string BlockSavepoint = "DO block";

    private async ValueTask ExecuteBlockAsync(DoSyntax block, string text, Interrupt interrupt, bool isAsync)
    {
        if (Transaction is not { } outer)
        {
            var own = Begin(Settings.DefaultIsolation);
            try
            {
                await RunAsync(block.Block.Statements, text, interrupt, isAsync).ConfigureAwait(false);
            }
            catch
            {
                Rollback(own);
                throw;
            }

            await CommitAsync(own, isAsync).ConfigureAwait(false);
            return;
        }

        outer.CreateSavepoint(BlockSavepoint);
        try
        {
            await RunAsync(block.Block.Statements, text, interrupt, isAsync).ConfigureAwait(false);
        }
        catch
        {
            if (!outer.IsEnded)
            {
                outer.RollbackToSavepoint(BlockSavepoint);
                outer.ReleaseSavepoint(BlockSavepoint);
            }

            throw;
        }

        outer.ReleaseSavepoint(BlockSavepoint);
    }

    private async ValueTask RunAsync(IReadOnlyList<BlockStatementSyntax> statements, string text, Interrupt interrupt, bool isAsync)
    {
        foreach (var statement in statements)
        {
            interrupt.Token.ThrowIfCancellationRequested();
            switch (statement)
            {
                case BlockSyntax block:
                    await RunAsync(block.Statements, text, interrupt, isAsync).ConfigureAwait(false);
                    break;
                case BlockSqlSyntax sql:
                    await DrainAsync(sql.Statement, text, interrupt, isAsync).ConfigureAwait(false);
                    break;
                case BlockIfSyntax choice:
                    await RunAsync(await ChooseAsync(choice, text, interrupt, isAsync).ConfigureAwait(false), text, interrupt, isAsync).ConfigureAwait(false);
                    break;
                case BlockRaiseSyntax { IsException: true } raise:
                    throw Error.Raised(await FormatAsync(raise, text, interrupt, isAsync).ConfigureAwait(false), raise.SqlState);
            }
        }
    }

    private async ValueTask<IReadOnlyList<BlockStatementSyntax>> ChooseAsync(BlockIfSyntax choice, string text, Interrupt interrupt, bool isAsync)
    {
        foreach (var branch in choice.Branches)
        {
            // NULL is not true.
            var condition = new CaseSyntax(
                branch.Condition.Span, null, [new WhenSyntax(branch.Condition.Span, branch.Condition, new BooleanLiteralSyntax(branch.Condition.Span, true))],
                new BooleanLiteralSyntax(branch.Condition.Span, false));
            if (await ValueAsync(condition, text, interrupt, isAsync).ConfigureAwait(false) is true)
            {
                return branch.Statements;
            }
        }

        return choice.Otherwise;
    }

    /// <summary>Puts arguments in the places of %; %% is a per cent sign.</summary>
    private async ValueTask<string> FormatAsync(BlockRaiseSyntax raise, string text, Interrupt interrupt, bool isAsync)
    {
        var message = new System.Text.StringBuilder();
        var next = 0;
        for (var i = 0; i < raise.Message.Length; i++)
        {
            if (raise.Message[i] != '%')
            {
                message.Append(raise.Message[i]);
            }
            else if (i + 1 < raise.Message.Length && raise.Message[i + 1] == '%')
            {
                message.Append('%');
                i++;
            }
            else if (next < raise.Arguments.Count)
            {
                var argument = raise.Arguments[next++];
                message.Append(await ValueAsync(new CastSyntax(argument.Span, argument, Parser.ParseTypeName("text")), text, interrupt, isAsync).ConfigureAwait(false) ?? "<NULL>");
            }
        }

        return message.ToString();
    }

    private ValueTask<object?> ValueAsync(ExpressionSyntax expression, string text, Interrupt interrupt, bool isAsync)
        => ValueAsync(expression, text, ParameterList.Empty, interrupt, isAsync);

    private async ValueTask<object?> ValueAsync(ExpressionSyntax expression, string text, ParameterList parameters, Interrupt interrupt, bool isAsync)
    {
        var select = new SelectSyntax(expression.Span, [new SelectItemSyntax(expression.Span, expression, null)]);
        var query = new SelectStatementSyntax(expression.Span, new QuerySyntax(expression.Span, null, select));
        using var reader = await ExecuteAsync(new Statement(query, text), parameters, interrupt, isSchemaOnly: false, isAsync).ConfigureAwait(false);
        return reader.NextBatch() is { } batch ? ClrValue.Read(batch.Columns[0], batch.RowAt(0)) : null;
    }

    private async ValueTask DrainAsync(StatementSyntax statement, string text, Interrupt interrupt, bool isAsync)
    {
        using var reader = await ExecuteAsync(new Statement(statement, text), ParameterList.Empty, interrupt, isSchemaOnly: false, isAsync).ConfigureAwait(false);
        while (reader.NextBatch() is not null)
        {
        }
    }
}
