using System.Collections.Frozen;
using System.Text;

namespace Engram.Data.Query.Syntax;

/// <summary>The words that the grammar knows, in PostgreSQL's four classes: the order of the groups is what <see cref="Keywords"/> tests.</summary>
internal enum Keyword : short
{
    None,

    // Reserved: never a name without quotes, save for an output column after AS.
    All, Analyse, Analyze, And, Any, Array, As, Asc, Asymmetric, Both, Case, Cast, Check, Collate, Column, Constraint, Create,
    CurrentCatalog, CurrentDate, CurrentRole, CurrentTime, CurrentTimestamp, CurrentUser, Default, Deferrable, Desc, Distinct, Do,
    Else, End, Except, False, Fetch, For, Foreign, From, Grant, Group, Having, In, Initially, Intersect, Into, Lateral, Leading,
    Limit, Localtime, Localtimestamp, Not, Null, Offset, On, Only, Or, Order, Placing, Primary, References, Returning, Select,
    SessionUser, Some, Symmetric, SystemUser, Table, Then, To, Trailing, True, Union, Unique, User, Using, Variadic, When, Where,
    Window, With,

    // Reserved, but a function or a type may have this name.
    Authorization, Binary, Collation, Concurrently, Cross, CurrentSchema, Freeze, Full, Ilike, Inner, Is, Isnull, Join, Left,
    Like, Natural, Notnull, Outer, Overlaps, Right, Similar, Tablesample, Verbose,

    // Not reserved, but no function or type may have this name: the grammar gives them a form of their own.
    Between, Bigint, Bit, Boolean, Char, Character, Coalesce, Dec, Decimal, Exists, Extract, Float, Greatest, Grouping, Inout,
    Int, Integer, Interval, Least, MergeAction, National, Nchar, Normalize, Nullif, Numeric, Out, Overlay, Position,
    Precision, Real, Row, Setof, Smallint, Substring, Time, Timestamp, Treat, Trim, Values, Varchar,

    // Not reserved at all.
    Abort, Action, Add, Alter, Always, Approximate, At, Begin, By, Cache, Cascade, Characteristics, Checkpoint, Comment, Commit,
    Committed, Conflict, Continue, Current, Cycle, Data, Database, Day, Deferred, Delete, Double, Drop, Escape, Exclude, Explain,
    Expression, Filter, First, Following, Generated, Groups, Hour, Identity, If, Immediate, Include, Increment, Index, Insert,
    Isolation, Key, Last, Level, Local, Locked, Match, Materialized, Maxvalue, Minute, Minvalue, Month, Next, No, Nothing, Nowait,
    Nulls, Of, Ordinality, Others, Over, Overriding, Owned, Partial, Partition, Preceding, Range, Read, Recursive, Release,
    Rename, Repeatable, Replace, Reset, Restart, Restrict, Rollback, Rows, Savepoint, Schema, Second, Sequence, Serializable,
    Session, Set, Share, Show, Simple, Skip, Snapshot, Start, Stored, System, Temp, Temporary, Ties, Transaction, Truncate, Type,
    Unbounded, Uncommitted, Unknown, Update, Vacuum, Valid, Value, Varying, View, Virtual, Within, Without, Work, Write, Year,
    Zone,
}

/// <summary>What may be said of a <see cref="Keyword"/>.</summary>
internal static class Keywords
{
    private static readonly string[] Texts = MakeTexts();

    private static readonly FrozenDictionary<string, Keyword>.AlternateLookup<ReadOnlySpan<char>> ByText =
        Enum.GetValues<Keyword>().Where(k => k != Keyword.None)
            .ToFrozenDictionary(TextOf, StringComparer.OrdinalIgnoreCase)
            .GetAlternateLookup<ReadOnlySpan<char>>();

    private static readonly int LengthMax = Texts.Max(t => t.Length);

    /// <summary>The keyword that a word is, without regard to case; None when it is an ordinary name.</summary>
    public static Keyword Find(ReadOnlySpan<char> word)
        => word.Length <= LengthMax && ByText.TryGetValue(word, out var keyword) ? keyword : Keyword.None;

    /// <summary>The word in upper case.</summary>
    public static string TextOf(Keyword keyword) => Texts[(int)keyword];

    /// <summary>Whether the word may name a column, a table or an alias of a table.</summary>
    public static bool CanBeName(Keyword keyword) => keyword == Keyword.None || keyword > Keyword.Verbose;

    /// <summary>Whether the word may name a function or a type.</summary>
    public static bool CanBeFunction(Keyword keyword)
        => keyword is Keyword.None or (> Keyword.With and <= Keyword.Verbose) or > Keyword.Varchar;

    /// <summary>Whether the word may name an output column without AS before it.</summary>
    public static bool CanBeBareLabel(Keyword keyword) => keyword is not (
        Keyword.Array or Keyword.As or Keyword.Char or Keyword.Character or Keyword.Create or Keyword.Day or Keyword.Except or
        Keyword.Fetch or Keyword.Filter or Keyword.For or Keyword.From or Keyword.Grant or Keyword.Group or Keyword.Having or
        Keyword.Hour or Keyword.Intersect or Keyword.Into or Keyword.Isnull or Keyword.Limit or Keyword.Minute or Keyword.Month
        or Keyword.Notnull or Keyword.Offset or Keyword.On or Keyword.Order or Keyword.Over or Keyword.Overlaps or
        Keyword.Precision or Keyword.Returning or Keyword.Second or Keyword.To or Keyword.Union or Keyword.Varying or
        Keyword.Where or Keyword.Window or Keyword.With or Keyword.Within or Keyword.Without or Keyword.Year);

    private static string[] MakeTexts()
    {
        // CurrentDate is CURRENT_DATE: the members are spelt so that their text follows from their name.
        return [.. Enum.GetNames<Keyword>().Select(static name =>
        {
            var text = new StringBuilder();
            foreach (var c in name)
            {
                if (char.IsUpper(c) && text.Length > 0)
                {
                    text.Append('_');
                }

                text.Append(char.ToUpperInvariant(c));
            }

            return text.ToString();
        })];
    }
}
