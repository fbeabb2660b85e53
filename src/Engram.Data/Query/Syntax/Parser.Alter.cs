namespace Engram.Data.Query.Syntax;

/// <summary>ALTER.</summary>
internal sealed partial class Parser
{
    private StatementSyntax ParseAlter()
    {
        var start = current.Start;
        Advance();
        var kind = ParseObjectKind("TABLE, INDEX, VIEW, SEQUENCE or SCHEMA");
        var ifExists = AcceptIfExists();
        if (kind == ObjectKind.Table)
        {
            return ParseAlterTable(start, ifExists);
        }

        var name = ParseObjectName("the name of what to alter");
        if (Accept(Keyword.Rename))
        {
            Expect(Keyword.To);
            var newName = ParseName("the new name");
            return new RenameSyntax(SpanFrom(start), kind, name, newName, ifExists);
        }

        if (kind is ObjectKind.Sequence or ObjectKind.View && Accept(Keyword.Set, Keyword.Schema))
        {
            var schema = ParseName("the name of a schema");
            return new SetSchemaSyntax(SpanFrom(start), kind, name, schema, ifExists);
        }

        if (kind != ObjectKind.Sequence)
        {
            throw Unexpected("RENAME TO");
        }

        var options = ParseSequenceOptions();
        return options.Length > 0
            ? new AlterSequenceSyntax(SpanFrom(start), name, ifExists, options)
            : throw Unexpected("an option of the sequence such as RESTART, or RENAME TO");
    }

    private AlterTableSyntax ParseAlterTable(int start, bool ifExists)
    {
        Accept(Keyword.Only);
        var name = ParseObjectName("the name of a table");
        var actions = new List<AlterTableActionSyntax>();
        do
        {
            var actionStart = current.Start;
            var action = current.Keyword switch
            {
                Keyword.Add => ParseAdd(),
                Keyword.Drop => ParseDropPart(),
                Keyword.Alter => ParseAlterColumn(),
                Keyword.Rename => ParseRename(),
                Keyword.Set or Keyword.Reset => ParseSetOfTable(),
                _ => throw Unexpected("ADD, DROP, ALTER, RENAME, SET or RESET"),
            };
            actions.Add(action with { Span = SpanFrom(actionStart) });
        }
        while (Accept(TokenKind.Comma));

        if (actions.Count > 1 && actions.Exists(a => a is RenameColumnSyntax or RenameTableSyntax or RenameConstraintSyntax or SetTableSchemaSyntax))
        {
            throw Error.SyntaxRule("RENAME and SET SCHEMA stand alone in ALTER TABLE; write them as statements of their own.", start);
        }

        return new AlterTableSyntax(SpanFrom(start), name, ifExists, actions);
    }

    private AlterTableActionSyntax ParseAdd()
    {
        Advance();
        if (AtTableConstraint())
        {
            return new AddConstraintSyntax(default, ParseTableConstraint());
        }

        Accept(Keyword.Column);
        var ifNotExists = AcceptIfNotExists();
        return new AddColumnSyntax(default, ParseColumnDefinition(), ifNotExists);
    }

    private AlterTableActionSyntax ParseDropPart()
    {
        Advance();
        if (Accept(Keyword.Constraint))
        {
            var constraintIfExists = AcceptIfExists();
            var constraint = ParseName("the name of a constraint");
            return new DropConstraintSyntax(default, constraint, constraintIfExists, AcceptCascade());
        }

        Accept(Keyword.Column);
        var ifExists = AcceptIfExists();
        var column = ParseName("the name of a column");
        return new DropColumnSyntax(default, column, ifExists, AcceptCascade());
    }

    private AlterTableActionSyntax ParseRename()
    {
        Advance();
        if (Accept(Keyword.To))
        {
            return new RenameTableSyntax(default, ParseName("the new name"));
        }

        var isConstraint = Accept(Keyword.Constraint);
        if (!isConstraint)
        {
            Accept(Keyword.Column);
        }

        var name = ParseName("a name");
        Expect(Keyword.To);
        var newName = ParseName("the new name");
        return isConstraint ? new RenameConstraintSyntax(default, name, newName) : new RenameColumnSyntax(default, name, newName);
    }

    private AlterTableActionSyntax ParseSetOfTable()
    {
        var isReset = At(Keyword.Reset);
        Advance();
        if (isReset || At(TokenKind.LeftParenthesis))
        {
            return new SetTableOptionsSyntax(default, ParseStorageOptions(), isReset);
        }

        Expect(Keyword.Schema);
        return new SetTableSchemaSyntax(default, ParseName("the name of a schema"));
    }

    private AlterTableActionSyntax ParseAlterColumn()
    {
        Advance();
        Accept(Keyword.Column);
        var column = ParseName("the name of a column");
        if (Accept(Keyword.Type))
        {
            return ParseAlterType(column);
        }

        if (Accept(Keyword.Add))
        {
            Expect(Keyword.Generated);
            var isAlways = ParseAlwaysOrByDefault();
            Expect(Keyword.As, Keyword.Identity);
            return new AlterColumnIdentitySyntax(default, column, IdentityChange.Add, isAlways, ParseParenthesizedSequenceOptions(), false);
        }

        if (Accept(Keyword.Drop))
        {
            return ParseDropOfColumn(column);
        }

        if (At(Keyword.Restart))
        {
            return new AlterColumnIdentitySyntax(default, column, IdentityChange.Set, null, ParseSequenceOptions(), false);
        }

        Expect(Keyword.Set);
        if (Accept(Keyword.Data))
        {
            Expect(Keyword.Type);
            return ParseAlterType(column);
        }

        if (Accept(Keyword.Not))
        {
            Expect(Keyword.Null);
            return new AlterColumnNullabilitySyntax(default, column, false);
        }

        if (Accept(Keyword.Default))
        {
            return new AlterColumnDefaultSyntax(default, column, ParseExpression());
        }

        return ParseSetIdentity(column);
    }

    private AlterColumnTypeSyntax ParseAlterType(IdentifierSyntax column)
    {
        var type = ParseTypeName();
        var collation = Accept(Keyword.Collate) ? ParseObjectName("the name of a collation") : null;
        var expression = Accept(Keyword.Using) ? ParseExpression() : null;
        return new AlterColumnTypeSyntax(default, column, type, collation, expression);
    }

    private AlterTableActionSyntax ParseDropOfColumn(IdentifierSyntax column)
    {
        if (Accept(Keyword.Not))
        {
            Expect(Keyword.Null);
            return new AlterColumnNullabilitySyntax(default, column, true);
        }

        if (Accept(Keyword.Default))
        {
            return new AlterColumnDefaultSyntax(default, column, null);
        }

        if (Accept(Keyword.Identity))
        {
            return new AlterColumnIdentitySyntax(default, column, IdentityChange.Drop, null, null, AcceptIfExists());
        }

        if (Accept(Keyword.Expression))
        {
            return new DropExpressionSyntax(default, column, AcceptIfExists());
        }

        throw Unexpected("NOT NULL, DEFAULT, IDENTITY or EXPRESSION");
    }

    /// <summary>SET GENERATED ALWAYS | BY DEFAULT, SET INCREMENT BY 5, RESTART WITH 100 …, as many as there are.</summary>
    private AlterColumnIdentitySyntax ParseSetIdentity(IdentifierSyntax column)
    {
        bool? isAlways = null;
        var start = current.Start;
        var options = new SequenceOptionsSyntax(default(TextSpan));
        do
        {
            if (Accept(Keyword.Generated))
            {
                isAlways = ParseAlwaysOrByDefault();
            }
            else if (!TryParseSequenceOption(ref options))
            {
                throw Unexpected("NOT NULL, DEFAULT, DATA TYPE, GENERATED, or an option of the column's sequence");
            }

            if (At(Keyword.Restart))
            {
                TryParseSequenceOption(ref options);
            }
        }
        while (Accept(Keyword.Set));
        return new AlterColumnIdentitySyntax(default, column, IdentityChange.Set, isAlways, options with { Span = SpanFrom(start) }, false);
    }
}
