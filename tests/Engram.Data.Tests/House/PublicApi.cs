using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text;

namespace Engram.Data.Tests.House;

/// <summary>The public surface of an assembly as text, one line a member, in an order that does not depend on the source.</summary>
/// <remarks>Types in a namespace that ends in <c>.Internal</c> are left out: by the convention of Entity Framework they promise nothing.</remarks>
internal static class PublicApi
{
    private const BindingFlags Declared
        = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void", [typeof(object)] = "object", [typeof(string)] = "string", [typeof(bool)] = "bool", [typeof(char)] = "char",
        [typeof(sbyte)] = "sbyte", [typeof(byte)] = "byte", [typeof(short)] = "short", [typeof(ushort)] = "ushort", [typeof(int)] = "int",
        [typeof(uint)] = "uint", [typeof(long)] = "long", [typeof(ulong)] = "ulong", [typeof(float)] = "float", [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
    };

    public static string Describe(Assembly assembly) => Describe(assembly.GetExportedTypes());

    public static string Describe(IEnumerable<Type> types)
    {
        var text = new StringBuilder();
        foreach (var type in types.Where(t => t.Namespace?.EndsWith(".Internal", StringComparison.Ordinal) != true).OrderBy(FullName, StringComparer.Ordinal))
        {
            text.Append(TypeLine(type)).Append('\n');
            foreach (var line in Members(type).Order(StringComparer.Ordinal))
            {
                text.Append("    ").Append(line).Append('\n');
            }
        }

        return text.ToString();
    }

    /// <summary>What is new and what is gone, for a reader; empty when both are equal.</summary>
    public static string Difference(string baseline, string actual)
    {
        var (old, now) = (Qualified(baseline), Qualified(actual));
        return string.Join('\n', old.Except(now).Select(l => "- " + l).Concat(now.Except(old).Select(l => "+ " + l)));
    }

    /// <summary>Compares with the file beside the test, or rewrites it when ENGRAM_UPDATE_BASELINE is 1.</summary>
    public static void AssertEqualsBaseline(Assembly assembly, [CallerFilePath] string testFile = "")
    {
        var file = Path.Combine(Path.GetDirectoryName(testFile)!, $"PublicApi.{assembly.GetName().Name}.txt");
        var actual = Describe(assembly);
        if (Environment.GetEnvironmentVariable("ENGRAM_UPDATE_BASELINE") == "1")
        {
            File.WriteAllText(file, actual);
            return;
        }

        var difference = Difference(File.Exists(file) ? File.ReadAllText(file).ReplaceLineEndings("\n") : "", actual);
        Assert.True(
            difference.Length == 0,
            $"The public surface of {assembly.GetName().Name} differs from {Path.GetFileName(file)}:\n{difference}\n"
            + "If that is meant, run: ENGRAM_UPDATE_BASELINE=1 dotnet test --filter \"FullyQualifiedName~PublicApi\", and commit the file.");
    }

    /// <summary>Members with the type that they belong to, so that equal members of two types are told apart.</summary>
    private static List<string> Qualified(string text)
    {
        var (lines, type) = (new List<string>(), "");
        foreach (var line in text.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            type = line.StartsWith(' ') ? type : line;
            lines.Add(line.StartsWith(' ') ? $"{type.Split(" : ")[0]}: {line.Trim()}" : line);
        }

        return lines;
    }

    private static string TypeLine(Type type)
    {
        var kind = type switch
        {
            { IsEnum: true } => "enum",
            { IsValueType: true } => type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly struct" : "struct",
            { IsInterface: true } => "interface",
            { IsAbstract: true, IsSealed: true } => "static class",
            { IsAbstract: true } => "abstract class",
            { IsSealed: true } => "sealed class",
            _ => "class",
        };
        var inherited = type.BaseType?.GetInterfaces() ?? [];
        var bases = type.IsEnum ? [Enum.GetUnderlyingType(type)] : type.GetInterfaces().Except(inherited).OrderBy(FullName, StringComparer.Ordinal)
            .Prepend(type.BaseType is { } b && b != typeof(object) && b != typeof(ValueType) ? b : null);
        var list = string.Join(", ", bases.OfType<Type>().Select(Name));
        return $"{kind} {FullName(type)}{(list.Length > 0 ? " : " + list : "")}";
    }

    private static IEnumerable<string> Members(Type type)
    {
        var nullability = new NullabilityInfoContext();
        if (type.IsEnum)
        {
            return Enum.GetNames(type).Select(n => $"{n} = {Convert.ToInt64(Enum.Parse(type, n), CultureInfo.InvariantCulture)}");
        }

        var lines = new List<string>();
        foreach (var field in type.GetFields(Declared).Where(f => f.IsPublic || f.IsFamily || f.IsFamilyOrAssembly))
        {
            var kind = field.IsLiteral ? "const " : (field.IsStatic ? "static " : "") + (field.IsInitOnly ? "readonly " : "");
            lines.Add($"{kind}{Name(nullability.Create(field))} {field.Name}{(field.IsLiteral ? " = " + Literal(field.GetRawConstantValue()) : "")}");
        }

        foreach (var property in type.GetProperties(Declared))
        {
            var accessors = new[] { property.GetMethod, property.SetMethod }.Where(IsVisible).ToList();
            if (accessors.Count > 0)
            {
                var index = property.GetIndexParameters() is { Length: > 0 } p ? $"this[{Parameters(p, nullability)}]" : property.Name;
                var list = string.Join(" ", accessors.Select(a => Access(a!, accessors[0]!) + Accessor(a!, property) + ";"));
                lines.Add($"{Modifiers(accessors[0]!)}{Name(nullability.Create(property))} {index} {{ {list} }}");
            }
        }

        lines.AddRange(type.GetEvents(Declared).Where(e => IsVisible(e.AddMethod)).Select(e => $"{Modifiers(e.AddMethod!)}event {Name(e.EventHandlerType!)} {e.Name}"));
        lines.AddRange(type.GetConstructors(Declared).Where(c => IsVisible(c) && !c.IsStatic)
            .Select(c => $"{Modifiers(c)}{type.Name.Split('`')[0]}({Parameters(c.GetParameters(), nullability)})"));
        foreach (var method in type.GetMethods(Declared).Where(m => IsVisible(m) && (!m.IsSpecialName || m.Name.StartsWith("op_", StringComparison.Ordinal))))
        {
            var generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.Name))}>" : "";
            var extension = method.IsDefined(typeof(ExtensionAttribute)) ? "this " : "";
            lines.Add($"{Modifiers(method)}{Name(nullability.Create(method.ReturnParameter))} {method.Name}{generic}({extension}{Parameters(method.GetParameters(), nullability)})");
        }

        return lines;
    }

    private static bool IsVisible(MethodBase? method) => method is not null && (method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly);

    private static string Access(MethodBase accessor, MethodBase first) => accessor.IsPublic || !first.IsPublic ? "" : "protected ";

    private static string Accessor(MethodInfo accessor, PropertyInfo property)
        => accessor == property.GetMethod ? "get"
            : accessor.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) ? "init" : "set";

    private static string Modifiers(MethodBase method)
    {
        var access = method.IsPublic ? "" : "protected ";
        return access + method switch
        {
            { IsStatic: true } => "static ",
            { IsConstructor: true } => "",
            MethodInfo m when m.GetBaseDefinition() != m => m.IsFinal ? "sealed override " : "override ",
            { IsAbstract: true, DeclaringType.IsInterface: false } => "abstract ",
            { IsVirtual: true, IsFinal: false, DeclaringType.IsInterface: false } => "virtual ",
            _ => "",
        };
    }

    private static string Parameters(ParameterInfo[] parameters, NullabilityInfoContext nullability)
        => string.Join(", ", parameters.Select(p =>
        {
            var by = p.IsOut ? "out " : p.ParameterType.IsByRef ? (p.IsIn ? "in " : "ref ") : p.IsDefined(typeof(ParamArrayAttribute)) ? "params " : "";
            return $"{by}{Name(nullability.Create(p))} {p.Name}{(p.HasDefaultValue ? " = " + Literal(p.DefaultValue) : "")}";
        }));

    private static string Literal(object? value) => value switch
    {
        null => "default",
        string s => $"\"{s}\"",
        bool b => b ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string Name(NullabilityInfo info)
    {
        // A bare type parameter reads as nullable because some argument may be; nobody wrote a question mark there.
        var type = info.Type;
        var isNullable = info.ReadState == NullabilityState.Nullable || info.WriteState == NullabilityState.Nullable;
        var mark = isNullable && !type.IsValueType && !type.IsGenericParameter ? "?" : "";
        if (type.IsArray && info.ElementType is { } element)
        {
            return $"{Name(element)}[]{mark}";
        }

        return type.IsGenericType && info.GenericTypeArguments.Length > 0 && Nullable.GetUnderlyingType(type) is null
            ? $"{type.Name.Split('`')[0]}<{string.Join(", ", info.GenericTypeArguments.Select(Name))}>{mark}"
            : Name(type) + mark;
    }

    private static string Name(Type type)
    {
        if (type.IsByRef)
        {
            return Name(type.GetElementType()!);
        }

        if (type.IsArray)
        {
            return Name(type.GetElementType()!) + "[]";
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Name(value) + "?";
        }

        return Keywords.TryGetValue(type, out var keyword) ? keyword
            : type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
            : type.Name;
    }

    private static string FullName(Type type)
    {
        var name = type.IsGenericType ? Name(type) : type.Name;
        return type.DeclaringType is { } outer ? $"{FullName(outer)}.{name}" : $"{type.Namespace}.{name}";
    }
}
