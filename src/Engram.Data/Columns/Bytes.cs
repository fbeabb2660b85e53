using System.Runtime.CompilerServices;
using System.Text;

namespace Engram.Data.Columns;

/// <summary>A value of variable length: a pointer into memory that somebody else owns, and a length in bytes.</summary>
/// <remarks>
/// Text, json, bytea and vectors are carried like this, so that a scan hands out mapped memory without a copy and a gather moves
/// 16 bytes. Valid as long as the <see cref="Column"/> that it was read from. <c>default</c> is the empty value, never NULL.
/// </remarks>
internal readonly unsafe struct Bytes(byte* pointer, int length) : IEquatable<Bytes>
{
    public readonly byte* Pointer = pointer;
    private readonly long length = length;

    public int Length
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (int)length;
    }

    public ReadOnlySpan<byte> Span
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Pointer, (int)length);
    }

    /// <summary>The elements of a float32 vector. <see cref="Pointer"/> must be 4-byte aligned, as all stored vectors are.</summary>
    public ReadOnlySpan<float> Floats
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => new(Pointer, (int)length / sizeof(float));
    }

    /// <summary>Decodes UTF-8. Allocates the string.</summary>
    public string Text => Encoding.UTF8.GetString(Span);

    public bool Equals(Bytes other) => Span.SequenceEqual(other.Span);

    public override bool Equals(object? obj) => obj is Bytes other && Equals(other);

    /// <summary>Not for tables: those hash with <c>Kernels</c>. Here so that equality is consistent.</summary>
    public override int GetHashCode()
    {
        var hash = new HashCode();
        hash.AddBytes(Span);
        return hash.ToHashCode();
    }
}
