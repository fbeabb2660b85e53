using Engram.Data.Query.Execution;
using Engram.Data.Query.Execution.Operators;
using Engram.Data.Query.Execution.Definitions;
using Engram.Data.Query.Planning;

namespace Engram.Data.Engine;

/// <summary>What Query gives to a session.</summary>
internal sealed partial class Session
{
    private static Operator CreateOperator(Plan plan, StatementContext context) => OperatorFactory.Create(plan, context);

    private static long AffectedRowsOf(Operator root) => root is DmlOperator dml ? dml.AffectedRows : root is ChangesOperator changes ? changes.AffectedRows : -1;

    private static long ExecuteDdl(DdlPlan plan, StatementContext context) => DdlExecutor.Execute(plan.Statement, plan.Text, context);
}
