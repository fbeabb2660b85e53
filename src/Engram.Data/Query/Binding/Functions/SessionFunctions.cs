using Engram.Data.Columns;
using Engram.Data.Query.Execution.Evaluators;

namespace Engram.Data.Query.Binding.Functions;

/// <summary>Settings of the session, encodings, periods, and what samples of tables are taken by.</summary>
/// <remarks>pg_typeof, current_schema and row_to_json have no function of their own: the binder knows their values, or writes what they stand for.</remarks>
internal static class SessionFunctions
{
    public static IEnumerable<FunctionOverload> All =>
    [
        Scalar.Of("current_setting", [TypeKind.Text], DataType.Text, (type, arguments, context) => new RowEvaluator<Bytes, CurrentSetting>(type, [.. arguments], new CurrentSetting(context)),
            "A setting of the session, as SHOW shows it.") with { Volatility = Volatility.Volatile },
        Scalar.Of("current_setting", [TypeKind.Text, TypeKind.Boolean], DataType.Text, (type, arguments, context) => new RowEvaluator<Bytes, CurrentSetting>(type, [.. arguments], new CurrentSetting(context)),
            "The same; with true, NULL when there is no such setting.") with { Volatility = Volatility.Volatile },
        Scalar.Of("set_config", [TypeKind.Text, TypeKind.Text, TypeKind.Boolean], DataType.Text, (type, arguments, context) => new RowEvaluator<Bytes, SetConfig>(type, [.. arguments], new SetConfig(context)),
            "Sets a setting as SET does, with true for the transaction alone, and gives its value.") with { Volatility = Volatility.Volatile },
        Scalar.Of("current_database", [], DataType.Text, (type, _, context) => new ConstantEvaluator(type, context.System?.DatabaseName ?? "engram"), "The name of the database.")
            with { Volatility = Volatility.Stable },
        Scalar.Of("current_catalog", [], DataType.Text, (type, _, context) => new ConstantEvaluator(type, context.System?.DatabaseName ?? "engram"), "The name of the database.")
            with { Volatility = Volatility.Stable },
        Sample("sample_bernoulli", isOfBlocks: false, "TABLESAMPLE BERNOULLI (per cent): whether a row, by its id, is in the sample; the same rows for the same seed."),
        Sample("sample_system", isOfBlocks: true, "TABLESAMPLE SYSTEM (per cent): the same for runs of 128 rows together."),
        Scalar.Row<Bytes, ConvertFrom>("convert_from", [TypeKind.Bytea, TypeKind.Text], DataType.Text, "The text that bytes are in an encoding: UTF8, LATIN1 or SQL_ASCII."),
        Scalar.Row<Bytes, ConvertTo>("convert_to", [TypeKind.Text, TypeKind.Text], DataType.Bytea, "The bytes of a text in an encoding: UTF8, LATIN1 or SQL_ASCII."),
        .. new[] { TypeKind.Timestamp, TypeKind.TimestampTz, TypeKind.Time }.Select(Overlaps),
    ];

    private static FunctionOverload Sample(string name, bool isOfBlocks, string summary)
        => Scalar.Of(name, [TypeKind.Int64, TypeKind.Double, TypeKind.Double], DataType.Boolean,
            (type, arguments, _) => new LooseRowEvaluator<byte, RowSample>(type, [.. arguments], new RowSample(isOfBlocks)), summary) with { IsStrict = false, Volatility = Volatility.Volatile };

    private static FunctionOverload Overlaps(TypeKind kind)
        => Scalar.Loose<byte, PeriodsOverlap>("overlaps", [kind, kind, kind, kind], DataType.Boolean, "(a, b) OVERLAPS (c, d): whether two periods have a moment in common, their ends left out.");
}
