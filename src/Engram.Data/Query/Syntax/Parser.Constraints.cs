using Engram.Data.Storage.Catalog;

namespace Engram.Data.Query.Syntax;

/// <summary>Constraints of columns and tables, and the options of sequences.</summary>
internal sealed partial class Parser
{
    private bool AtTableConstraint() => current.Kind == TokenKind.Word
        && (current.Keyword is Keyword.Constraint or Keyword.Primary or Keyword.Unique or Keyword.Check or Keyword.Foreign
            || (current.Keyword == Keyword.Exclude && Peek().Keyword is Keyword.Using));

    private ConstraintSyntax ParseTableConstraint()
    {
        var start = current.Start;
        var name = Accept(Keyword.Constraint) ? ParseName("the name of a constraint") : null;
        ConstraintSyntax constraint;
        switch (current.Keyword)
        {
            case Keyword.Primary:
                Advance();
                Expect(Keyword.Key);
                constraint = new PrimaryKeySyntax(default, name, ParseNameList("the name of a column"));
                break;
            case Keyword.Unique:
                Advance();
                var nullsNotDistinct = ParseNullsDistinct();
                constraint = new UniqueSyntax(default, name, ParseNameList("the name of a column"), nullsNotDistinct);
                break;
            case Keyword.Check:
                constraint = ParseCheck(name);
                break;
            case Keyword.Foreign:
                Advance();
                Expect(Keyword.Key);
                constraint = ParseReferences(name, ParseNameList("the name of a column"));
                break;
            case Keyword.Exclude:
                throw Error.NotSupported("EXCLUDE", current.Start + 1);
            default:
                throw Unexpected("PRIMARY KEY, UNIQUE, CHECK or FOREIGN KEY");
        }

        constraint = ParseConstraintTail(constraint);
        return constraint with { Span = SpanFrom(start) };
    }

    /// <summary>One constraint after the type of a column; null when the current token starts none.</summary>
    private ConstraintSyntax? ParseColumnConstraint()
    {
        var start = current.Start;
        if (current.Kind != TokenKind.Word)
        {
            return null;
        }

        var name = Accept(Keyword.Constraint) ? ParseName("the name of a constraint") : null;
        ConstraintSyntax constraint;
        switch (current.Keyword)
        {
            case Keyword.Not when !PeekIs(Keyword.Deferrable):
                Advance();
                Expect(Keyword.Null);
                constraint = new NullabilitySyntax(default, name, false);
                break;
            case Keyword.Null:
                Advance();
                constraint = new NullabilitySyntax(default, name, true);
                break;
            case Keyword.Default:
                Advance();
                constraint = new DefaultConstraintSyntax(default, name, ParseExpression());
                break;
            case Keyword.Primary:
                Advance();
                Expect(Keyword.Key);
                constraint = new PrimaryKeySyntax(default, name, []);
                break;
            case Keyword.Unique:
                Advance();
                constraint = new UniqueSyntax(default, name, [], ParseNullsDistinct());
                break;
            case Keyword.Check:
                constraint = ParseCheck(name);
                break;
            case Keyword.References:
                constraint = ParseReferences(name, []);
                break;
            case Keyword.Generated:
                constraint = ParseGenerated(name);
                break;
            default:
                return name == null ? null : throw Unexpected("NOT NULL, DEFAULT, PRIMARY KEY, UNIQUE, CHECK, REFERENCES or GENERATED");
        }

        constraint = ParseConstraintTail(constraint);
        return constraint with { Span = SpanFrom(start) };
    }

    private CheckSyntax ParseCheck(IdentifierSyntax? name)
    {
        Advance();
        ExpectOpen();
        var condition = ParseExpression();
        ExpectClose();
        if (Accept(Keyword.No))
        {
            // NO INHERIT: there is no inheritance.
            ParseLabel("INHERIT");
        }

        return new CheckSyntax(default, name, condition);
    }

    private ForeignKeySyntax ParseReferences(IdentifierSyntax? name, List<IdentifierSyntax> columns)
    {
        Expect(Keyword.References);
        var table = ParseObjectName("the name of a table");
        List<IdentifierSyntax> referenced = At(TokenKind.LeftParenthesis) ? ParseNameList("the name of a column") : [];
        if (Accept(Keyword.Match))
        {
            if (At(Keyword.Full) || At(Keyword.Partial))
            {
                throw Error.NotSupported("MATCH FULL and MATCH PARTIAL", current.Start + 1);
            }

            Expect(Keyword.Simple);
        }

        var (onDelete, onUpdate) = (ReferentialAction.NoAction, ReferentialAction.NoAction);
        while (At(Keyword.On))
        {
            Advance();
            var isDelete = At(Keyword.Delete);
            if (!isDelete && !At(Keyword.Update))
            {
                throw Unexpected("DELETE or UPDATE");
            }

            Advance();
            var action = ParseReferentialAction();
            (onDelete, onUpdate) = isDelete ? (action, onUpdate) : (onDelete, action);
        }

        return new ForeignKeySyntax(default, name, columns, table) { ReferencedColumns = referenced, OnDelete = onDelete, OnUpdate = onUpdate };
    }

    private ReferentialAction ParseReferentialAction()
    {
        if (Accept(Keyword.Cascade))
        {
            return ReferentialAction.Cascade;
        }

        if (Accept(Keyword.Restrict))
        {
            return ReferentialAction.Restrict;
        }

        if (Accept(Keyword.No, Keyword.Action))
        {
            return ReferentialAction.NoAction;
        }

        if (Accept(Keyword.Set, Keyword.Null))
        {
            return ReferentialAction.SetNull;
        }

        return Accept(Keyword.Set, Keyword.Default) ? ReferentialAction.SetDefault : throw Unexpected("CASCADE, RESTRICT, NO ACTION, SET NULL or SET DEFAULT");
    }

    /// <summary>[NOT] DEFERRABLE and INITIALLY …: constraints are checked at the end of each statement; only foreign keys note that more was asked.</summary>
    private ConstraintSyntax ParseConstraintTail(ConstraintSyntax constraint)
    {
        while (true)
        {
            if (At(Keyword.Not) && PeekIs(Keyword.Deferrable))
            {
                Advance();
                Advance();
            }
            else if (Accept(Keyword.Initially))
            {
                var isDeferred = At(Keyword.Deferred);
                if (!isDeferred && !At(Keyword.Immediate))
                {
                    throw Unexpected("DEFERRED or IMMEDIATE");
                }

                Advance();
                constraint = constraint is ForeignKeySyntax key ? key with { IsDeferred = isDeferred } : constraint;
            }
            else if (!Accept(Keyword.Deferrable))
            {
                return constraint;
            }
        }
    }

    private ConstraintSyntax ParseGenerated(IdentifierSyntax? name)
    {
        Advance();
        var isAlways = ParseAlwaysOrByDefault();
        Expect(Keyword.As);
        if (Accept(Keyword.Identity))
        {
            return new IdentitySyntax(default, name, isAlways, ParseParenthesizedSequenceOptions());
        }

        if (!isAlways)
        {
            throw Unexpected("IDENTITY");
        }

        ExpectOpen();
        var expression = ParseExpression();
        ExpectClose();
        var isStored = Accept(Keyword.Stored);
        if (!isStored)
        {
            Accept(Keyword.Virtual);
        }

        return new ComputedSyntax(default, name, expression, isStored);
    }

    private bool ParseAlwaysOrByDefault()
    {
        if (Accept(Keyword.Always))
        {
            return true;
        }

        if (!Accept(Keyword.By))
        {
            throw Unexpected("ALWAYS or BY DEFAULT");
        }

        Expect(Keyword.Default);
        return false;
    }

    private SequenceOptionsSyntax ParseParenthesizedSequenceOptions()
    {
        if (!Accept(TokenKind.LeftParenthesis))
        {
            return new SequenceOptionsSyntax(new TextSpan(previousEnd, 0));
        }

        var options = ParseSequenceOptions();
        ExpectClose();
        return options;
    }

    private SequenceOptionsSyntax ParseSequenceOptions()
    {
        var start = current.Start;
        var options = new SequenceOptionsSyntax(default(TextSpan));
        while (TryParseSequenceOption(ref options))
        {
        }

        return options with { Span = SpanFrom(start) };
    }

    private bool TryParseSequenceOption(ref SequenceOptionsSyntax options)
    {
        if (current.Kind != TokenKind.Word)
        {
            return false;
        }

        switch (current.Keyword)
        {
            case Keyword.As:
                Advance();
                options = options with { Type = ParseTypeName() };
                return true;
            case Keyword.Start:
                Advance();
                Accept(Keyword.With);
                options = options with { Start = ParseSignedInteger("a number to start with") };
                return true;
            case Keyword.Increment:
                Advance();
                Accept(Keyword.By);
                options = options with { Increment = ParseSignedInteger("a number to step by") };
                return true;
            case Keyword.Minvalue:
                Advance();
                options = options with { Min = ParseSignedInteger("the least value") };
                return true;
            case Keyword.Maxvalue:
                Advance();
                options = options with { Max = ParseSignedInteger("the greatest value") };
                return true;
            case Keyword.Cache:
                Advance();
                options = options with { Cache = ParseSignedInteger("a number of values") };
                return true;
            case Keyword.Cycle:
                Advance();
                options = options with { IsCycle = true };
                return true;
            case Keyword.Restart:
                Advance();
                var hasWith = Accept(Keyword.With);
                long? value = hasWith || current.Kind == TokenKind.Integer || AtOperator("-") ? ParseSignedInteger("a number to restart with") : null;
                options = options with { IsRestart = true, RestartWith = value };
                return true;
            case Keyword.Owned:
                Advance();
                Expect(Keyword.By);
                var ownerStart = current.Start;
                options = ParseAfterDot(ownerStart, ParseName("NONE or a column with its table")) is ColumnReferenceSyntax owner
                    && (owner.Table is not null || owner.Column is { IsQuoted: false, Text: var none } && none.Equals("none", StringComparison.OrdinalIgnoreCase))
                    ? options with { OwnedBy = owner }
                    : throw Error.SyntaxRule("write OWNED BY table.column, or OWNED BY NONE.", ownerStart);
                return true;
            case Keyword.No:
                Advance();
                options = current.Keyword switch
                {
                    Keyword.Minvalue => options with { NoMin = true },
                    Keyword.Maxvalue => options with { NoMax = true },
                    Keyword.Cycle => options with { IsCycle = false },
                    _ => throw Unexpected("MINVALUE, MAXVALUE or CYCLE"),
                };
                Advance();
                return true;
            default:
                return false;
        }
    }
}
