namespace Crescent.Kernels;

/// <summary>How many input rows or queries a loop takes at a time, as a type parameter: what lies beyond it vanishes in the JIT.</summary>
internal interface IWidth
{
    static abstract int Value { get; }
}

internal readonly struct Width1 : IWidth
{
    public static int Value => 1;
}

internal readonly struct Width2 : IWidth
{
    public static int Value => 2;
}

internal readonly struct Width3 : IWidth
{
    public static int Value => 3;
}

internal readonly struct Width4 : IWidth
{
    public static int Value => 4;
}

internal readonly struct Width8 : IWidth
{
    public static int Value => 8;
}
