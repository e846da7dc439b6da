namespace Crescent.Engine.Checkpoints.HuggingFace;

/// <summary>Refuses what <c>quantization_config</c> may say that the tensors' names and types do not tell.</summary>
internal static class HfQuantization
{
    private const int TileLength = 128;

    /// <exception cref="CheckpointException">The weights are quantised in a way that this engine does not read.</exception>
    public static void Check(HfConfig config)
    {
        if ((config.Object("quantization_config") ?? config.Object("compression_config")) is not { } quantization)
        {
            return;
        }

        switch (quantization.Text("quant_method"))
        {
            case "fp8":
                CheckFloat8(quantization);
                break;
            case "compressed-tensors":
                CheckInt4(quantization);
                break;
            case "mxfp4":
                break;
            case var other:
                throw quantization.Unsupported("quant_method", "fp8, compressed-tensors or mxfp4", other is null ? null : $"'{other}'");
        }
    }

    private static void CheckFloat8(HfConfig quantization)
    {
        if ((quantization.Text("fmt") ?? "e4m3") is var format && format != "e4m3")
        {
            throw quantization.Unsupported("fmt", "'e4m3'", $"'{format}'");
        }

        if (quantization.Integers("weight_block_size") is not [TileLength, TileLength])
        {
            var found = quantization.Integers("weight_block_size");
            throw quantization.Unsupported("weight_block_size", "[128, 128]", found is null ? null : $"[{string.Join(", ", found)}]");
        }
    }

    private static void CheckInt4(HfConfig quantization)
    {
        if (quantization.Text("format") is var format && format != "pack-quantized")
        {
            throw quantization.Unsupported("format", "'pack-quantized'", format is null ? null : $"'{format}'");
        }

        var weights = quantization.Object("config_groups")?.Object("group_0")?.Object("weights");
        if (weights is null)
        {
            throw quantization.Unsupported("config_groups.group_0.weights", "an object", null);
        }

        if (weights.Integer("num_bits") != 4 || weights.Integer("group_size", -1, -1, 1 << 24) != 32 || !weights.Flag("symmetric", true) || (weights.Text("type") ?? "int") != "int")
        {
            throw weights.Unsupported(
                "num_bits", "4 symmetric integer bits in groups of 32", $"{weights.Integer("num_bits")} bits in groups of {weights.Integer("group_size", -1, -1, 1 << 24)}");
        }
    }
}
