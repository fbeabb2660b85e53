using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Query.Syntax;

namespace Engram.Data.Engine;

/// <summary>PREPARE, EXECUTE and DEALLOCATE.</summary>
/// <remarks>A prepared statement belongs to the session, not to its transaction: a rollback leaves it. Its parameters have types from the beginning, given or inferred, so that one plan serves every
/// EXECUTE, as long as the schema stays.</remarks>
internal sealed partial class Session
{
    private readonly Dictionary<string, PreparedStatement> prepared = new(StringComparer.Ordinal);

    private sealed record PreparedStatement(Statement Statement, DataType[] Types);

    private void Prepare(PrepareSyntax prepare, string text)
    {
        var name = Fold(prepare.Name);
        if (prepared.ContainsKey(name))
        {
            throw Error.DuplicateStatement(name, prepare.Name.Position);
        }

        var statement = new Statement(prepare.Statement, text);
        var given = prepare.Types.Select((type, i) => new ParameterInput(PlaceOf(i), null, TypeNames.Resolve(type))).ToArray();
        var bound = statement.Bind(ReadCatalog(), new ParameterList(given), Settings.Optimizes, CancellationToken.None);
        var types = given.Select(g => g.Type).ToList();
        foreach (var parameter in bound.Parameters)
        {
            if (!int.TryParse(parameter.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var place) || place is < 1 or > ushort.MaxValue)
            {
                throw Error.SyntaxRule($"the parameters of a prepared statement are $1, $2 and so on; '{parameter.Name}' is none of these.", prepare.Statement.Position);
            }

            while (types.Count < place)
            {
                types.Add(DataType.Text);
            }

            types[place - 1] = place <= given.Length ? types[place - 1] : parameter.Type;
        }

        prepared.Add(name, new PreparedStatement(statement, [.. types]));
    }

    private void Deallocate(DeallocateSyntax deallocate)
    {
        if (deallocate.Name is null)
        {
            prepared.Clear();
        }
        else if (!prepared.Remove(Fold(deallocate.Name)))
        {
            throw Error.UnknownStatement(Fold(deallocate.Name), deallocate.Name.Position);
        }
    }

    /// <summary>EXECUTE, and EXPLAIN of it.</summary>
    private async ValueTask<ResultReader> ExecutePreparedAsync(
        ExecuteSyntax execute, ExplainSyntax? explain, string text, ParameterList parameters, Interrupt interrupt, bool isSchemaOnly, bool isAsync)
    {
        var name = Fold(execute.Name);
        if (!prepared.TryGetValue(name, out var known))
        {
            throw Error.UnknownStatement(name, execute.Name.Position);
        }

        if (execute.Arguments.Count != known.Types.Length)
        {
            throw Error.StatementArguments(name, known.Types.Length, execute.Arguments.Count, execute.Position);
        }

        var values = new ParameterInput[known.Types.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var argument = execute.Arguments[i];
            var value = isSchemaOnly ? null
                : await ValueAsync(new CastSyntax(argument.Span, argument, Parser.ParseTypeName(known.Types[i].ToString())), text, parameters, interrupt, isAsync).ConfigureAwait(false);
            values[i] = new ParameterInput(PlaceOf(i), value, known.Types[i]);
        }

        var statement = explain is null ? known.Statement : new Statement(explain with { Statement = known.Statement.Syntax }, known.Statement.Text);
        return await ExecuteAsync(statement, new ParameterList(values), interrupt, isSchemaOnly, isAsync).ConfigureAwait(false);
    }

    private static string PlaceOf(int index) => (index + 1).ToString(CultureInfo.InvariantCulture);
}
