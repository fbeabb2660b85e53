using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Syntax;

/// <summary>CREATE and DROP.</summary>
internal sealed partial class Parser
{
    private StatementSyntax ParseCreate()
    {
        var start = current.Start;
        Advance();
        if (Accept(Keyword.Or))
        {
            Expect(Keyword.Replace);
            if (!At(Keyword.View))
            {
                throw Unexpected("VIEW");
            }

            return ParseCreateView(start, true);
        }

        var isTemporary = Accept(Keyword.Temp) || Accept(Keyword.Temporary);
        if (isTemporary && !At(Keyword.Table))
        {
            throw Unexpected("TABLE");
        }

        switch (current.Keyword)
        {
            case Keyword.Table: return ParseCreateTable(start, isTemporary);
            case Keyword.Unique or Keyword.Index: return ParseCreateIndex(start);
            case Keyword.View: return ParseCreateView(start, false);
            case Keyword.Sequence:
                Advance();
                var ifNotExists = AcceptIfNotExists();
                var sequence = ParseObjectName("the name of a sequence");
                var options = ParseSequenceOptions();
                return new CreateSequenceSyntax(SpanFrom(start), sequence, ifNotExists, options);
            case Keyword.Schema:
                Advance();
                var schemaIfNotExists = AcceptIfNotExists();
                var schema = ParseName("the name of a schema");
                return new CreateSchemaSyntax(SpanFrom(start), schema, schemaIfNotExists);
            default:
                throw Unexpected("TABLE, INDEX, VIEW, SEQUENCE or SCHEMA");
        }
    }

    private CreateTableSyntax ParseCreateTable(int start, bool isTemporary)
    {
        Advance();
        var ifNotExists = AcceptIfNotExists();
        var name = ParseObjectName("the name of a table");
        List<ColumnDefinitionSyntax> columns = [];
        List<ConstraintSyntax> constraints = [];
        List<IdentifierSyntax> asColumns = [];
        if (At(TokenKind.LeftParenthesis))
        {
            if (IsBareNameList())
            {
                asColumns = ParseNameList("the name of a column");
                if (!At(Keyword.As))
                {
                    throw Unexpected("AS with a query (names alone have no types)");
                }
            }
            else
            {
                ParseTableElements(columns, constraints);
            }
        }
        else if (!At(Keyword.As) && !At(Keyword.On))
        {
            throw Unexpected("\"(\" with the columns of the table, or AS with a query");
        }

        List<StorageOptionSyntax> options = asColumns.Count == 0 && Accept(Keyword.With) ? ParseStorageOptions() : [];
        var onCommit = ParseOnCommit();
        QuerySyntax? query = null;
        if (columns.Count == 0 && constraints.Count == 0 && options.Count == 0 && Accept(Keyword.As))
        {
            query = ParseQuery();
        }

        var hasNoData = false;
        if (query != null && Accept(Keyword.With))
        {
            hasNoData = Accept(Keyword.No);
            Expect(Keyword.Data);
        }

        return new CreateTableSyntax(SpanFrom(start), name, ifNotExists, isTemporary)
        {
            Columns = columns,
            Constraints = constraints,
            As = query,
            AsColumns = asColumns,
            HasNoData = hasNoData,
            Options = options,
            OnCommit = onCommit,
        };
    }

    private CommitAction? ParseOnCommit()
    {
        if (!Accept(Keyword.On))
        {
            return null;
        }

        Expect(Keyword.Commit);
        if (Accept(Keyword.Drop))
        {
            return CommitAction.Drop;
        }

        var action = Accept(Keyword.Delete) ? CommitAction.DeleteRows : AcceptWord("preserve") ? CommitAction.Preserve : throw Unexpected("DROP, DELETE ROWS or PRESERVE ROWS");
        Expect(Keyword.Rows);
        return action;
    }

    /// <summary>Whether names alone stand in the parentheses, as in CREATE TABLE t (a, b) AS SELECT …: no type follows the first.</summary>
    private bool IsBareNameList()
    {
        var ahead = lexer;
        return ahead.Next().Kind is TokenKind.Word or TokenKind.QuotedName && ahead.Next().Kind is TokenKind.Comma or TokenKind.RightParenthesis;
    }

    private void ParseTableElements(List<ColumnDefinitionSyntax> columns, List<ConstraintSyntax> constraints)
    {
        ExpectOpen();
        if (Accept(TokenKind.RightParenthesis))
        {
            return;
        }

        do
        {
            if (AtTableConstraint())
            {
                constraints.Add(ParseTableConstraint());
            }
            else
            {
                columns.Add(ParseColumnDefinition());
            }
        }
        while (Accept(TokenKind.Comma));
        Expect(TokenKind.RightParenthesis, "\",\" or \")\"");
    }

    private ColumnDefinitionSyntax ParseColumnDefinition()
    {
        var start = current.Start;
        var name = ParseName("the name of a column");
        var type = ParseTypeName();
        var constraints = new List<ConstraintSyntax>();
        ObjectNameSyntax? collation = null;
        while (true)
        {
            if (Accept(Keyword.Collate))
            {
                collation = ParseObjectName("the name of a collation");
            }
            else if (ParseColumnConstraint() is { } constraint)
            {
                constraints.Add(constraint);
            }
            else
            {
                return new ColumnDefinitionSyntax(SpanFrom(start), name, type, constraints) { Collation = collation };
            }
        }
    }

    private CreateIndexSyntax ParseCreateIndex(int start)
    {
        var isUnique = Accept(Keyword.Unique);
        Expect(Keyword.Index);
        Accept(Keyword.Concurrently);
        var ifNotExists = AcceptIfNotExists();
        IdentifierSyntax? name = null;
        if (!At(Keyword.On))
        {
            name = ParseName("the name of the index, or ON");
            if (At(TokenKind.Dot))
            {
                throw Error.SyntaxRule("an index is created in its table's schema; write its name without one.", current.Start);
            }
        }

        Expect(Keyword.On);
        Accept(Keyword.Only);
        var table = ParseObjectName("the name of a table");
        var method = Accept(Keyword.Using) ? ParseName("the method of the index") : null;
        var keys = ParseIndexKeys();
        List<IdentifierSyntax> include = Accept(Keyword.Include) ? ParseNameList("the name of a column") : [];
        var nullsNotDistinct = ParseNullsDistinct();
        var options = Accept(Keyword.With) ? ParseStorageOptions() : [];
        var where = Accept(Keyword.Where) ? ParseExpression() : null;
        return new CreateIndexSyntax(SpanFrom(start), name, table, keys)
        {
            IsUnique = isUnique,
            IfNotExists = ifNotExists,
            Method = method,
            Include = include,
            NullsNotDistinct = nullsNotDistinct,
            Options = options,
            Where = where,
        };
    }

    /// <summary>NULLS [NOT] DISTINCT; whether NOT was there.</summary>
    private bool ParseNullsDistinct()
    {
        if (!At(Keyword.Nulls))
        {
            return false;
        }

        Advance();
        var isNot = Accept(Keyword.Not);
        Expect(Keyword.Distinct);
        return isNot;
    }

    private List<IndexKeySyntax> ParseIndexKeys()
    {
        ExpectOpen();
        var keys = new List<IndexKeySyntax>();
        do
        {
            keys.Add(ParseIndexKey());
        }
        while (Accept(TokenKind.Comma));
        Expect(TokenKind.RightParenthesis, "\",\" or \")\"");
        return keys;
    }

    private IndexKeySyntax ParseIndexKey()
    {
        var start = current.Start;
        ExpressionSyntax expression;
        if (Accept(TokenKind.LeftParenthesis))
        {
            expression = ParseExpression();
            ExpectClose();
        }
        else
        {
            // A column, or a call; COLLATE and the operator class behind it belong to the key.
            expression = ParsePrimary();
            if (expression is not (ColumnReferenceSyntax or FunctionCallSyntax))
            {
                throw Error.SyntaxRule("the key of an index is a column, a call, or an expression in parentheses.", start);
            }
        }

        var collation = Accept(Keyword.Collate) ? ParseObjectName("the name of a collation") : null;
        var operatorClass = IsName() && !At(Keyword.Nulls) ? ParseObjectName("the name of an operator class") : null;
        var (isDescending, nullsFirst) = ParseDirection();
        return new IndexKeySyntax(SpanFrom(start), expression, isDescending, nullsFirst) { OperatorClass = operatorClass, Collation = collation };
    }

    private List<StorageOptionSyntax> ParseStorageOptions()
    {
        ExpectOpen();
        var options = new List<StorageOptionSyntax>();
        do
        {
            var start = current.Start;
            var name = Fold(ParseLabel("the name of an option"));
            var value = AcceptOperator("=") ? ParseSettingValue() : null;
            options.Add(new StorageOptionSyntax(SpanFrom(start), name, value));
        }
        while (Accept(TokenKind.Comma));
        ExpectClose();
        return options;
    }

    private CreateViewSyntax ParseCreateView(int start, bool orReplace)
    {
        Advance();
        var name = ParseObjectName("the name of a view");
        List<IdentifierSyntax> columns = At(TokenKind.LeftParenthesis) ? ParseNameList("the name of a column") : [];
        Expect(Keyword.As);
        var query = ParseQuery();
        var check = ViewCheck.None;
        if (Accept(Keyword.With))
        {
            check = AtWord("local") ? ViewCheck.Local : ViewCheck.Cascaded;
            if (AtWord("local") || AtWord("cascaded"))
            {
                Advance();
            }

            Expect(Keyword.Check);
            if (!AtWord("option"))
            {
                throw Unexpected("OPTION");
            }

            Advance();
        }

        return new CreateViewSyntax(SpanFrom(start), name, orReplace, columns, query) { CheckOption = check };
    }

    private DropSyntax ParseDrop()
    {
        var start = current.Start;
        Advance();
        var kind = ParseObjectKind("TABLE, INDEX, VIEW, SEQUENCE or SCHEMA");
        if (kind == ObjectKind.Index)
        {
            Accept(Keyword.Concurrently);
        }

        var ifExists = AcceptIfExists();
        var names = ParseObjectNames("the name of what to drop");
        var isCascade = AcceptCascade();
        return new DropSyntax(SpanFrom(start), kind, names, ifExists, isCascade);
    }

    private ObjectKind ParseObjectKind(string expected)
    {
        var kind = current.Keyword switch
        {
            Keyword.Table => ObjectKind.Table,
            Keyword.Index => ObjectKind.Index,
            Keyword.View => ObjectKind.View,
            Keyword.Sequence => ObjectKind.Sequence,
            Keyword.Schema => ObjectKind.Schema,
            _ => throw Unexpected(expected),
        };
        Advance();
        return kind;
    }

    private CommentSyntax ParseComment()
    {
        var start = current.Start;
        Advance();
        Expect(Keyword.On);
        ObjectKind kind;
        ObjectNameSyntax name;
        IdentifierSyntax? member = null;
        if (Accept(Keyword.Column))
        {
            kind = ObjectKind.Column;
            var parsed = ParseAfterDot(current.Start, ParseName("the name of a table"));
            if (parsed is not ColumnReferenceSyntax { Table: { } table } column)
            {
                throw Error.SyntaxRule("write COMMENT ON COLUMN table.column.", start);
            }

            (name, member) = (table, column.Column);
        }
        else if (Accept(Keyword.Constraint))
        {
            kind = ObjectKind.Constraint;
            member = ParseName("the name of a constraint");
            Expect(Keyword.On);
            name = ParseObjectName("the name of a table");
        }
        else
        {
            kind = ParseObjectKind("TABLE, COLUMN, INDEX, VIEW, SEQUENCE, SCHEMA or CONSTRAINT");
            name = ParseObjectName("the name of what the comment is about");
        }

        Expect(Keyword.Is);
        var comment = Accept(Keyword.Null) ? null : ParseString("a string, or NULL");
        return new CommentSyntax(SpanFrom(start), kind, name, member, comment);
    }
}
