namespace Engram.Data.Query.Syntax; internal abstract record StatementSyntax;
