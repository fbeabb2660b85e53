namespace Engram.Data.Tests.House;

/// <summary>The public surface changes on purpose: a change shows as a difference to a file that a reviewer reads.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void The_public_surface_equals_its_baseline() => PublicApi.AssertEqualsBaseline(typeof(EngramException).Assembly);

    [Fact]
    public void The_surface_is_told_member_by_member()
        => Assert.Equal(
            """
            enum Engram.Data.Tests.House.PublicApiTests.Color : byte
                Green = 7
                Red = 0
            class Engram.Data.Tests.House.PublicApiTests.Specimen<T> : List<T>, IDisposable
                Specimen(string name, int? size = default)
                const int Limit = 3
                event EventHandler Changed
                override string ToString()
                protected virtual Dictionary<string, int[]>? Make(out long count, params object?[] rest)
                static T First<TOther>(T left, TOther right)
                string? Name { get; protected set; }
                void Dispose()

            """.ReplaceLineEndings("\n"),
            PublicApi.Describe([typeof(Color), typeof(Specimen<>)]));

    [Fact]
    public void A_member_that_is_new_or_gone_is_found()
        => Assert.Equal(
            "- class A: int Old { get; }\n+ class A: int New { get; }\n+ class B",
            PublicApi.Difference("class A : X\n    int Old { get; }\n    void Same()\n", "class A : X\n    int New { get; }\n    void Same()\nclass B\n"));

    [Fact]
    public void Equal_surfaces_have_no_difference() => Assert.Equal("", PublicApi.Difference("class A\n", "class A\n"));

#pragma warning disable CA1034, CS0067, xUnit1013 // A specimen is public because the public surface is what is told.
    public enum Color : byte
    {
        Red,
        Green = 7,
    }

    public class Specimen<T>(string name, int? size = null) : List<T>, IDisposable
    {
        public const int Limit = 3;

        public event EventHandler? Changed;

        public string? Name { get; protected set; } = name + size;

        public static T First<TOther>(T left, TOther right) => right is null ? throw new ArgumentNullException(nameof(right)) : left;

        public override string ToString() => Name ?? "";

        public void Dispose() => GC.SuppressFinalize(this);

        protected virtual Dictionary<string, int[]>? Make(out long count, params object?[] rest)
        {
            count = rest.Length;
            return null;
        }

        internal static void Unseen()
        {
        }
    }
#pragma warning restore CA1034, CS0067, xUnit1013
}
