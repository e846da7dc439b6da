namespace Crescent.Kernels.Attention;

/// <summary>Queries that a loop handles at once, as a type parameter: sums of queries beyond it vanish in the JIT.</summary>
internal interface IQueryCount
{
    static abstract int Value { get; }
}

/// <summary>One query.</summary>
internal readonly struct OneQuery : IQueryCount
{
    public static int Value => 1;
}

/// <summary>Two queries.</summary>
internal readonly struct TwoQueries : IQueryCount
{
    public static int Value => 2;
}

/// <summary>Four queries.</summary>
internal readonly struct FourQueries : IQueryCount
{
    public static int Value => 4;
}

/// <summary>Eight queries.</summary>
internal readonly struct EightQueries : IQueryCount
{
    public static int Value => 8;
}
