namespace Engram.Data.Kernels;

/// <summary>The six comparisons of SQL.</summary>
internal enum ComparisonKind : byte
{
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}
