namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>How a format of 32 values a block is written, given what a search found.</summary>
internal interface IBlock32Encoder<TBlock>
    where TBlock : unmanaged, IEncodableBlock<TBlock>
{
    /// <summary>Whether values are scale·code + minimum, codes 0..; else scale·(code − levels).</summary>
    static abstract bool HasMin { get; }

    /// <summary>Half the number of codes.</summary>
    static abstract int Levels { get; }

    /// <param name="codes">[32]</param>
    static abstract TBlock Pack(float scale, float min, ReadOnlySpan<byte> codes);
}

internal readonly struct Q4_0Encoder : IBlock32Encoder<Q4_0>
{
    public static bool HasMin => false;

    public static int Levels => 8;

    public static Q4_0 Pack(float scale, float min, ReadOnlySpan<byte> codes)
    {
        var block = new Q4_0 { Scale = (Half)scale };
        CodeBits.PackHalves(codes, block.Codes);
        return block;
    }
}

internal readonly struct Q4_1Encoder : IBlock32Encoder<Q4_1>
{
    public static bool HasMin => true;

    public static int Levels => 8;

    public static Q4_1 Pack(float scale, float min, ReadOnlySpan<byte> codes)
    {
        var block = new Q4_1 { Scale = (Half)scale, Min = (Half)min };
        CodeBits.PackHalves(codes, block.Codes);
        return block;
    }
}

internal readonly struct Q5_0Encoder : IBlock32Encoder<Q5_0>
{
    public static bool HasMin => false;

    public static int Levels => 16;

    public static Q5_0 Pack(float scale, float min, ReadOnlySpan<byte> codes)
    {
        var block = new Q5_0 { Scale = (Half)scale, HighBits = CodeBits.FifthBits(codes) };
        CodeBits.PackHalves(codes, block.Codes);
        return block;
    }
}

internal readonly struct Q5_1Encoder : IBlock32Encoder<Q5_1>
{
    public static bool HasMin => true;

    public static int Levels => 16;

    public static Q5_1 Pack(float scale, float min, ReadOnlySpan<byte> codes)
    {
        var block = new Q5_1 { Scale = (Half)scale, Min = (Half)min, HighBits = CodeBits.FifthBits(codes) };
        CodeBits.PackHalves(codes, block.Codes);
        return block;
    }
}

/// <summary>Levels are those of −127…127; importance makes no difference to this format.</summary>
internal readonly struct Q8_0Encoder : IBlock32Encoder<Q8_0>
{
    public static bool HasMin => false;

    public static int Levels => 128;

    public static Q8_0 Pack(float scale, float min, ReadOnlySpan<byte> codes)
    {
        var block = new Q8_0 { Scale = (Half)scale };
        for (var i = 0; i < codes.Length; i++)
        {
            block.Codes[i] = (byte)(codes[i] - Levels);
        }

        return block;
    }
}
