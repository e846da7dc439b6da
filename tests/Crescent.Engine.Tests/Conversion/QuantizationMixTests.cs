using Crescent.Engine.Conversion;
using Crescent.Kernels;
using Crescent.Kernels.Quantization;
using Xunit;

namespace Crescent.Engine.Tests.Conversion;

public class QuantizationMixTests
{
    private static readonly MixModel s_dense = new(Layers: 32, QueryHeadsPerKeyHead: 4);
    private static readonly MixModel s_kimi = new(Layers: 61, Experts: 384);
    private static readonly MixModel s_grok = new(Layers: 64, Experts: 8, QueryHeadsPerKeyHead: 6);

    public static TheoryData<string> Names => [.. QuantizationMix.All.Select(mix => mix.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Norms_biases_routers_and_state_space_parameters_stay_F32(string name)
    {
        var mix = QuantizationMix.Parse(name);
        (string Name, long[] Shape)[] kept =
        [
            ("output_norm.weight", [7168]), ("blk.3.attn_norm.weight", [7168]), ("blk.3.attn_q_norm.weight", [2, 128]), ("blk.3.attn_kv_a_norm.weight", [512]),
            ("blk.3.attn_q.bias", [4096]), ("blk.3.ffn_gate_exps.bias", [32, 2880]), ("blk.3.ffn_gate_inp.weight", [384, 7168]),
            ("blk.3.ffn_gate_inp_shexp.weight", [2, 7168]), ("blk.3.exp_probs_b.bias", [384]), ("blk.3.ssm_conv1d_q.weight", [4096, 1, 4]), ("blk.3.ssm_a", [32, 1]),
            ("blk.3.ssm_dt.bias", [4096]), ("blk.3.ssm_norm.weight", [128]), ("blk.3.attn_sinks.weight", [64]), ("rope_freqs.weight", [64]),
        ];
        Assert.All(kept, tensor => Assert.Equal(DType.F32, mix.TypeOf(tensor.Name, tensor.Shape, s_kimi)));
        Assert.All(kept, tensor => Assert.False(QuantizationMix.Quantizes(tensor.Name, tensor.Shape)));
        Assert.True(QuantizationMix.Quantizes("blk.3.ssm_f_a.weight", [128, 2304]));
        Assert.True(QuantizationMix.Quantizes("blk.3.ffn_gate_exps.weight", [384, 2048, 7168]));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_type_of_a_mix_can_be_encoded_and_fits_its_rows(string name)
    {
        var mix = QuantizationMix.Parse(name);
        foreach (var model in new[] { s_dense, s_kimi, s_grok, s_kimi with { IsTied = true, HasImportance = true }, new MixModel(1) })
        {
            foreach (var part in new[] { "attn_q", "attn_k", "attn_v", "attn_output", "attn_kv_b", "attn_k_b", "attn_kv_a_mqa", "ffn_up", "ffn_down_exps", "ffn_gate_shexp" })
            {
                foreach (var columns in new long[] { 7168, 128, 96, 100, 1 })
                {
                    for (var layer = 0; layer <= model.Layers; layer++)
                    {
                        var dtype = mix.TypeOf($"blk.{layer}.{part}.weight", [64, 512, columns], model);
                        Assert.True(RowCodec.CanEncode(dtype));
                        Assert.Equal(0, columns % dtype.Layout().BlockLength);
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData("Q2_K", DType.Q6_K, DType.Q2_K)]
    [InlineData("Q3_K_M", DType.Q6_K, DType.Q3_K)]
    [InlineData("Q4_K_M", DType.Q6_K, DType.Q4_K)]
    [InlineData("Q5_K_S", DType.Q6_K, DType.Q5_K)]
    [InlineData("Q6_K", DType.Q6_K, DType.Q6_K)]
    [InlineData("Q8_0", DType.Q8_0, DType.Q8_0)]
    [InlineData("Q4_0", DType.Q6_K, DType.Q4_0)]
    [InlineData("IQ4_XS", DType.Q6_K, DType.IQ4_XS)]
    [InlineData("MXFP4_MOE", DType.Q8_0, DType.Q8_0)]
    [InlineData("BF16", DType.BF16, DType.BF16)]
    [InlineData("F16", DType.F16, DType.F16)]
    public void The_head_has_more_bits_and_the_embedding_the_main_type_unless_it_is_the_head(string name, DType head, DType embedding)
    {
        var mix = QuantizationMix.Parse(name);
        Assert.Equal(head, mix.TypeOf("output.weight", [163840, 7168], s_kimi));
        Assert.Equal(embedding, mix.TypeOf("token_embd.weight", [163840, 7168], s_kimi));
        Assert.Equal(head, mix.TypeOf("token_embd.weight", [163840, 7168], s_kimi with { IsTied = true }));
    }

    [Theory]
    [InlineData("Q4_K_M", DType.Q4_K)]
    [InlineData("Q5_K_M", DType.Q5_K)]
    public void The_first_and_last_eighth_and_every_third_layer_between_have_more_bits(string name, DType main)
    {
        var mix = QuantizationMix.Parse(name);
        int[] raised = [0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31];
        for (var layer = 0; layer < 32; layer++)
        {
            var expected = raised.Contains(layer) ? DType.Q6_K : main;
            Assert.Equal(expected, mix.TypeOf($"blk.{layer}.attn_v.weight", [1024, 4096], s_dense));
            Assert.Equal(expected, mix.TypeOf($"blk.{layer}.ffn_down.weight", [4096, 14336], s_dense));
            Assert.Equal(main, mix.TypeOf($"blk.{layer}.attn_q.weight", [4096, 4096], s_dense));
            Assert.Equal(main, mix.TypeOf($"blk.{layer}.ffn_up.weight", [14336, 4096], s_dense));
        }
    }

    [Theory]
    [InlineData("Q2_K", 10, "attn_v", DType.Q4_K)]
    [InlineData("Q2_K", 10, "attn_output", DType.Q3_K)]
    [InlineData("Q2_K", 10, "ffn_down", DType.Q3_K)]
    [InlineData("Q2_K", 10, "ffn_gate", DType.Q2_K)]
    [InlineData("Q3_K_S", 0, "attn_v", DType.Q3_K)]
    [InlineData("Q3_K_S", 0, "ffn_down", DType.Q3_K)]
    [InlineData("Q3_K_M", 1, "attn_v", DType.Q5_K)]
    [InlineData("Q3_K_M", 2, "attn_v", DType.Q4_K)]
    [InlineData("Q3_K_M", 1, "ffn_down", DType.Q5_K)]
    [InlineData("Q3_K_M", 2, "ffn_down", DType.Q4_K)]
    [InlineData("Q3_K_M", 2, "attn_output", DType.Q4_K)]
    [InlineData("Q3_K_L", 9, "attn_v", DType.Q5_K)]
    [InlineData("Q3_K_L", 9, "ffn_down", DType.Q5_K)]
    [InlineData("Q3_K_L", 9, "attn_output", DType.Q5_K)]
    [InlineData("Q4_K_S", 3, "attn_v", DType.Q5_K)]
    [InlineData("Q4_K_S", 4, "attn_v", DType.Q4_K)]
    [InlineData("Q4_K_S", 3, "ffn_down", DType.Q5_K)]
    [InlineData("Q4_K_S", 4, "ffn_down", DType.Q4_K)]
    [InlineData("IQ4_XS", 9, "attn_v", DType.Q5_K)]
    [InlineData("IQ4_XS", 3, "ffn_down", DType.Q5_K)]
    [InlineData("IQ4_XS", 4, "ffn_down", DType.IQ4_XS)]
    [InlineData("Q6_K", 0, "ffn_down", DType.Q6_K)]
    [InlineData("Q8_0", 0, "ffn_down", DType.Q8_0)]
    [InlineData("Q4_0", 0, "ffn_down", DType.Q4_0)]
    public void Dense_layers_follow_the_table(string name, int layer, string part, DType expected) =>
        Assert.Equal(expected, QuantizationMix.Parse(name).TypeOf($"blk.{layer}.{part}.weight", [4096, 4096], s_dense));

    [Fact]
    public void Importance_spares_the_first_layers_of_IQ4_and_raises_those_of_Q4_0()
    {
        var weighted = s_dense with { HasImportance = true };
        Assert.Equal(DType.IQ4_XS, QuantizationMix.Parse("IQ4_XS").TypeOf("blk.0.ffn_down.weight", [4096, 4096], weighted));
        Assert.Equal(DType.Q4_1, QuantizationMix.Parse("Q4_0").TypeOf("blk.3.ffn_down.weight", [4096, 4096], weighted));
        Assert.Equal(DType.Q4_0, QuantizationMix.Parse("Q4_0").TypeOf("blk.4.ffn_down.weight", [4096, 4096], weighted));
    }

    [Fact]
    public void Latent_attention_is_raised_like_values()
    {
        var mix = QuantizationMix.Parse("Q4_K_M");
        Assert.Equal(DType.Q6_K, mix.TypeOf("blk.0.attn_kv_a_mqa.weight", [576, 7168], s_kimi));
        Assert.Equal(DType.Q6_K, mix.TypeOf("blk.0.attn_kv_b.weight", [16384, 512], s_kimi));
        Assert.Equal(DType.Q6_K, mix.TypeOf("blk.0.attn_v_b.weight", [64, 128, 512], s_kimi));
        Assert.Equal(DType.Q4_K, mix.TypeOf("blk.0.attn_q_b.weight", [12288, 1536], s_kimi));
        Assert.Equal(DType.Q4_K, QuantizationMix.Parse("Q2_K").TypeOf("blk.9.attn_kv_b.weight", [16384, 512], s_kimi));
    }

    [Fact]
    public void Eight_experts_give_keys_and_values_Q8_0_and_outputs_Q5_K()
    {
        var mix = QuantizationMix.Parse("Q4_K_S");
        Assert.Equal(DType.Q8_0, mix.TypeOf("blk.9.attn_k.weight", [1024, 6144], s_grok));
        Assert.Equal(DType.Q8_0, mix.TypeOf("blk.9.attn_v.weight", [1024, 6144], s_grok));
        Assert.Equal(DType.Q5_K, mix.TypeOf("blk.9.attn_output.weight", [6144, 6144], s_grok));
        Assert.Equal(DType.Q4_K, mix.TypeOf("blk.9.ffn_down_exps.weight", [8, 6144, 32768], s_grok));
        Assert.Equal(DType.BF16, QuantizationMix.Parse("BF16").TypeOf("blk.9.attn_k.weight", [1024, 6144], s_grok));
    }

    [Fact]
    public void MXFP4_is_for_experts_alone()
    {
        var mix = QuantizationMix.Parse("mxfp4_moe");
        Assert.Equal(DType.MXFP4, mix.TypeOf("blk.0.ffn_gate_exps.weight", [32, 2880, 2880], s_kimi));
        Assert.Equal(DType.MXFP4, mix.TypeOf("blk.0.ffn_down_exps.weight", [32, 2880, 2880], s_kimi));
        Assert.Equal(DType.Q8_0, mix.TypeOf("blk.0.ffn_down_shexp.weight", [2880, 2880], s_kimi));
        Assert.Equal(DType.Q8_0, mix.TypeOf("blk.0.attn_k_b.weight", [64, 512, 128], s_kimi));
    }

    [Theory]
    [InlineData(DType.Q2_K, DType.IQ4_NL)]
    [InlineData(DType.Q3_K, DType.IQ4_NL)]
    [InlineData(DType.IQ4_XS, DType.IQ4_NL)]
    [InlineData(DType.Q4_K, DType.Q5_0)]
    [InlineData(DType.Q5_K, DType.Q5_1)]
    [InlineData(DType.Q6_K, DType.Q8_0)]
    [InlineData(DType.Q4_0, DType.Q4_0)]
    public void Rows_that_are_not_whole_blocks_fall_back_to_blocks_of_32_and_then_to_F16(DType dtype, DType expected)
    {
        Assert.Equal(expected, QuantizationMix.Fitting(dtype, 128));
        Assert.Equal(dtype, QuantizationMix.Fitting(dtype, 512));
        Assert.Equal(DType.F16, QuantizationMix.Fitting(dtype, 100));
        Assert.Equal(DType.Q5_0, QuantizationMix.Parse("Q4_K_S").TypeOf("blk.9.attn_k_b.weight", [64, 512, 128], s_kimi));
    }

    [Fact]
    public void Names_are_read_in_any_case_and_an_unknown_one_is_refused_with_all()
    {
        Assert.Same(QuantizationMix.Parse("Q4_K_M"), QuantizationMix.Parse("q4_k_m"));
        Assert.Equal(15, QuantizationMix.Parse("Q4_K_M").FileType);
        var exception = Assert.Throws<ArgumentException>(() => QuantizationMix.Parse("Q4_K_X"));
        Assert.Contains("Q4_K_X", exception.Message, StringComparison.Ordinal);
        Assert.All(QuantizationMix.All, mix => Assert.Contains(mix.Name, exception.Message, StringComparison.Ordinal));
    }
}
