using System.Text.Json.Nodes;
using Crescent.Engine.Checkpoints;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Reference;
using Xunit;

namespace Crescent.Tests.Models.Published;

/// <summary>Published models that are damaged, or of a kind that is not read: one error of one line that names the file, what was expected and what was found.</summary>
public sealed class RefusedModelTests
{
    private const string Expert = "model.layers.1.mlp.experts.0.down_proj.weight"; // [128, 64]
    private const string Latent = "model.layers.0.self_attn.kv_a_proj_with_mqa.weight"; // [80, 128]
    private const string Blocks = "model.layers.0.mlp.experts.gate_up_proj";

    private static readonly StoredTensor s_one = Stored.F32([1], [1]);

    [Theory]
    [InlineData("kimi-k2-fp8", Latent + "_scale_inv", "a scale for each tile of 128 × 128 of 'model.layers.0.self_attn.kv_a_proj_with_mqa.weight' [80, 128], found F32 [1, 2]", 1, 2)]
    [InlineData("kimi-k2-fp8", "model.layers.0.mlp.down_proj.weight_scale_inv", "[1, 2], a scale for each tile", 2, 1)]
    [InlineData("kimi-k2-fp8", "model.layers.0.mlp.down_proj.weight_scale_inv", "expected F32 of 2 axes, found F32 [2]", 2)]
    [InlineData("kimi-k2-thinking", Expert + "_scale", "expected BF16 of 2 axes, found F32 [128, 2]", 128, 2)]
    [InlineData("gpt-oss", Blocks + "_scales", "expected U8 of 3 axes, found F32 [6, 64, 2]", 6, 64, 2)]
    [InlineData("llama-3.1", "model.norm.weight", "'output_norm.weight' at offset", 1)]
    [InlineData("llama-3.1", "model.layers.2.mlp.down_proj.weight", "expected [rows, columns], found F32 [64, 112, 1]", 64, 112, 1)]
    [InlineData("llama-3.1", "model.layers.2.mlp.down_proj.weight", "'blk.2.ffn_down.weight' at offset", 112, 64)]
    [InlineData("llama-3.1", "model.layers.2.mlp.down_proj.weight", "expected values, found F32 [64, 0]", 64, 0)]
    [InlineData("llama-3.1", "model.norm.weight", "expected values, found F32 [0]", 0)]
    [InlineData("baichuan-7b", "model.layers.3.self_attn.W_pack.weight", "expected a plain matrix of 144 rows, found F32 [192, 48]", 192, 48)]
    [InlineData("kimi-linear", "model.layers.0.self_attn.A_log", "'blk.0.ssm_a' at offset", 4)]
    [InlineData("kimi-linear", "model.layers.0.self_attn.q_conv1d.weight", "'blk.0.ssm_conv1d_q.weight' at offset", 96, 1, 3)]
    [InlineData("moonlight", "model.layers.1.mlp.experts.7.up_proj.weight", "as 'model.layers.1.mlp.experts.0.up_proj', found F32 [16, 64]", 16, 64)]
    public void A_tensor_of_another_shape_or_type(string name, string tensor, string message, params int[] shape) =>
        AssertRefused(name, message, entries => entries[tensor] = Stored.F32(shape, new double[shape.Aggregate(1, (product, length) => product * length)]));

    [Theory]
    [InlineData("llama-3.1", "model.embed_tokens.weight")]
    [InlineData("llama-3.1", "lm_head.weight")]
    [InlineData("qwen2", "model.layers.1.self_attn.k_proj.bias")]
    [InlineData("qwen3-moe", "model.layers.2.mlp.experts.15.up_proj.weight")]
    [InlineData("kimi-k2", "model.layers.3.mlp.gate.e_score_correction_bias")]
    [InlineData("kimi-k2", "model.layers.3.mlp.shared_experts.up_proj.weight")]
    [InlineData("kimi-k2-fp8", Latent + "_scale_inv")]
    [InlineData("kimi-k2-thinking", Expert + "_scale")]
    [InlineData("kimi-linear", "model.layers.4.block_sparse_moe.gate.e_score_correction_bias")]
    [InlineData("kimi-linear", "model.layers.3.self_attn.dt_bias")]
    [InlineData("gpt-oss", "model.layers.3.self_attn.o_proj.bias")]
    [InlineData("gpt-oss", "model.layers.3.self_attn.sinks")]
    [InlineData("gpt-oss", "model.layers.3.mlp.router.bias")]
    [InlineData("gpt-oss", "model.layers.3.mlp.experts.down_proj_bias")]
    [InlineData("gpt-oss", Blocks + "_scales")]
    [InlineData("grok-2", "lm_head.weight")]
    [InlineData("grok-2", "model.layers.1.mlp.up_proj.weight")]
    [InlineData("grok-1-moe-block", "model.layers.10.post_moe_norm.scale")]
    public void A_tensor_that_is_not_there(string name, string tensor) =>
        AssertRefused(name, $"expected a tensor '{tensor}', found none among", entries => Assert.True(entries.Remove(tensor), tensor));

    [Fact]
    public void INT4_that_does_not_fit_what_lies_beside_it()
    {
        static StoredTensor Shape(params long[] shape) => new("I64", [shape.Length], [.. shape.SelectMany(BitConverter.GetBytes)]);
        AssertRefused("kimi-k2-thinking", $"'{Expert}_shape' at offset", entries => entries[Expert + "_shape"] = Shape(128, 65));
        AssertRefused("kimi-k2-thinking", "expected [128, 64], the shape of", entries => entries[Expert + "_shape"] = Shape(long.MaxValue, long.MinValue));
        AssertRefused("kimi-k2-thinking", "expected [128, 64], the shape of", entries => entries[Expert + "_shape"] = Shape(128, 64, 1));
        AssertRefused("kimi-k2-thinking", "expected [128, 64], the shape of", entries => entries[Expert + "_shape"] = new StoredTensor("U8", [2], [128, 64]));
        AssertRefused("kimi-k2-thinking", "a scale for each group of 32", entries => entries[Expert + "_scale"] = new StoredTensor("BF16", [2, 128], new byte[512]));
        AssertRefused("kimi-k2-thinking", "expected I32 of 2 axes, found U8 [128, 32]", entries => entries[Expert + "_packed"] = new StoredTensor("U8", [128, 32], new byte[4096]));
        AssertRefused("kimi-k2-thinking", "expected I32 of 2 axes, found I32 [1024]", entries => entries[Expert + "_packed"] = new StoredTensor("I32", [1024], new byte[4096]));
        AssertRefused("kimi-k2-thinking", "expected values, found I32 [0, 2147483647]", entries => entries[Expert + "_packed"] = new StoredTensor("I32", [0, int.MaxValue], []));
        AssertRefused("kimi-k2-thinking", "groups of columns in their order", entries => entries[Expert + "_g_idx"] = new StoredTensor("I32", [64], new byte[256]));
        AssertRefused("kimi-k2-thinking", "groups of columns in their order", entries => entries[Expert + "_zero_point"] = new StoredTensor("I32", [64], new byte[256]));

        // Written as 32-bit numbers, or not at all, the shape is no reason to refuse.
        AssertRuns("kimi-k2-thinking", entries => entries[Expert + "_shape"] = new StoredTensor("I32", [2], [128, 0, 0, 0, 64, 0, 0, 0]));
        AssertRuns("kimi-k2-thinking", entries => entries.Remove(Expert + "_shape"));
    }

    [Fact]
    public void MXFP4_that_is_none()
    {
        AssertRefused("gpt-oss", "scales [experts, rows, groups] of blocks [experts, rows, groups, 16]", entries => entries[Blocks + "_scales"] = new StoredTensor("U8", [6, 64, 1], new byte[384]));
        AssertRefused("gpt-oss", "scales [experts, rows, groups] of blocks [experts, rows, groups, 16]", entries => entries[Blocks + "_blocks"] = new StoredTensor("U8", [6, 64, 4, 8], new byte[12288]));
        AssertRefused("gpt-oss", "expected experts of a multiple of 2 rows", entries =>
        {
            entries[Blocks + "_blocks"] = new StoredTensor("U8", [6, 63, 2, 16], new byte[6 * 63 * 32]);
            entries[Blocks + "_scales"] = new StoredTensor("U8", [6, 63, 2], new byte[6 * 63 * 2]);
        });
        AssertRefused("gpt-oss", "[rows, a multiple of 2]", entries => entries[Blocks + "_bias"] = Stored.F32([6, 63], new double[6 * 63]));
        AssertRefused("gpt-oss", "'blk.0.ffn_gate_exps.bias'", entries => entries[Blocks + "_bias"] = Stored.F32([6, 62], new double[6 * 62]));
        AssertRefused("gpt-oss", "only MXFP4 is read", entries =>
        {
            entries.Remove(Blocks + "_blocks");
            entries[Blocks] = Stored.BF16([6, 64, 64], new double[6 * 64 * 64]);
        });
    }

    [Fact]
    public void Ranks_of_Grok_2_that_do_not_fit_together()
    {
        using var folder = new TemporaryFolder();
        Grok2Models.WriteParallel(folder.Path, PublishedModel.Brain);
        File.Copy(folder.File("pytorch_model-00001-TP-001.safetensors"), folder.File("pytorch_model-00001-TP-004.safetensors"));
        AssertRefused(folder.Path, "'blk.0.ffn_gate_exps.weight' at offset"); // five of four
        File.Delete(folder.File("pytorch_model-00001-TP-004.safetensors"));
        File.Delete(folder.File("pytorch_model-00001-TP-003.safetensors"));
        AssertRefused(folder.Path, "expected shape [8, 48, 64], found [8, 36, 64]"); // three of four
    }

    [Theory]
    [InlineData("llama-3.1", "hidden_act", "\"gelu\"", "'hidden_act': expected 'silu', found 'gelu'")]
    [InlineData("llama-3.1", "mlp_bias", "true", "'mlp_bias': expected false, found true")]
    [InlineData("llama-3.1", "attention_bias", "true", "expected a tensor 'model.layers.0.self_attn.q_proj.bias'")]
    [InlineData("llama-3.1", "partial_rotary_factor", "0.5", "'partial_rotary_factor': expected 1, found 0.5")]
    [InlineData("llama-3.1", "rope_scaling", "{\"rope_type\": \"longrope\"}", "'rope_scaling.rope_type': expected default, linear, llama3 or yarn, found 'longrope'")]
    [InlineData("llama-3.1", "rope_scaling", "{\"rope_type\": \"yarn\"}", "expected 'rope_scaling.factor' (a number), found none")]
    [InlineData("llama-3.1", "num_hidden_layers", "65536", "expected a tensor 'model.layers.3.input_layernorm.weight'")]
    [InlineData("llama-3.1", "num_hidden_layers", "65537", "'num_hidden_layers': expected an integer in 1..65536, found 65537")]
    [InlineData("llama-3.1", "hidden_size", "\"64\"", "'hidden_size': expected an integer in 1..16777216, found \"64\"")]
    [InlineData("llama-3.1", "model_type", "\"\\u001b[2J\\u009b\"", "found '\\u001b[2J\\u009b'")]
    [InlineData("llama-3.1", "model_type", "null", "'model_type': expected one of kimi_k2, ")]
    [InlineData("qwen2", "use_sliding_window", "true", "'use_sliding_window': expected false, found true")]
    [InlineData("qwen3-moe", "use_sliding_window", "true", "'use_sliding_window': expected false, found true")]
    [InlineData("qwen3-moe", "decoder_sparse_step", "2", "'decoder_sparse_step': expected 1, and no 'mlp_only_layers', found 2")]
    [InlineData("qwen3-moe", "num_experts_per_tok", "17", "'num_experts_per_tok': expected an integer in 1..16, found 17")]
    [InlineData("kimi-k2", "scoring_func", "\"tanh\"", "'scoring_func': expected softmax or sigmoid, found 'tanh'")]
    [InlineData("kimi-k2", "attention_bias", "true", "'attention_bias': expected false, found true")]
    [InlineData("kimi-k2", "rope_interleave", "false", "'rope_interleave': expected true, found false")]
    [InlineData("kimi-k2", "moe_layer_freq", "2", "'moe_layer_freq': expected 1, found 2")]
    [InlineData("kimi-k2", "n_group", "25", "'n_group': expected an integer in 1..24, found 25")]
    [InlineData("kimi-k2", "n_group", "5", "expected expert groups that divide 24 experts")]
    [InlineData("kimi-k2", "rope_scaling", "{\"type\": \"linear\", \"factor\": 2}", "'rope_scaling.rope_type': expected default or yarn, found 'linear'")]
    [InlineData("kimi-k2", "rope_scaling", "{\"type\": \"yarn\", \"factor\": 2, \"mscale\": 1, \"mscale_all_dim\": 0}", "'rope_scaling.mscale': expected the value of 'mscale_all_dim', 0")]
    [InlineData("kimi-k2", "quantization_config", "{\"quant_method\": \"awq\"}", "'quantization_config.quant_method': expected fp8, compressed-tensors or mxfp4, found 'awq'")]
    [InlineData("kimi-k2", "quantization_config", "{\"quant_method\": \"fp8\", \"fmt\": \"e5m2\"}", "'quantization_config.fmt': expected 'e4m3', found 'e5m2'")]
    [InlineData("kimi-k2", "quantization_config", "{\"quant_method\": \"fp8\", \"weight_block_size\": [64, 64]}", "expected [128, 128], found [64, 64]")]
    [InlineData("kimi-k2", "quantization_config", "{\"quant_method\": \"compressed-tensors\", \"format\": \"float-quantized\"}", "'quantization_config.format': expected 'pack-quantized', found 'float-quantized'")]
    [InlineData("kimi-linear", "moe_layer_freq", "2", "'moe_layer_freq': expected 1, found 2")]
    [InlineData("kimi-linear", "mla_use_nope", "false", "'mla_use_nope': expected true, found false")]
    [InlineData("kimi-linear", "linear_attn_config", "{\"full_attn_layers\": [3, 5], \"kda_layers\": [1, 2, 3, 4]}", "layer 3 in both or neither")]
    [InlineData("kimi-linear", "linear_attn_config", "[]", "'linear_attn_config': expected an object, found an array")]
    [InlineData("gpt-oss", "swiglu_limit", "8", "'swiglu_limit': expected 7, found 8")]
    [InlineData("gpt-oss", "layer_types", "[\"full_attention\"]", "'layer_types[0]': expected 'sliding_attention', found 'full_attention'")]
    [InlineData("gpt-oss", "sliding_window", "0", "'sliding_window': expected an integer in 1..")]
    [InlineData("grok-2", "rope_type", "\"yarn\"", "'rope_type': expected 'original', found 'yarn'")]
    [InlineData("grok-2", "sliding_window_size", "4096", "'sliding_window_size': expected -1, no window, found 4096")]
    [InlineData("grok-2", "num_local_experts", "1000000", "'num_local_experts': expected an integer in 1..65536, found 1000000")]
    public void A_setting_that_is_not_read(string name, string key, string json, string message)
    {
        var model = PublishedModels.Named(name);
        var root = JsonNode.Parse(model.Config)!.AsObject();
        root[key] = JsonNode.Parse(json);
        using var folder = new TemporaryFolder();
        (model with { Config = root.ToJsonString() }).Write(folder.Path);
        AssertRefused(folder.Path, message);
    }

    [Theory]
    [InlineData("", "expected JSON")]
    [InlineData("[1]", "expected a JSON object, found an array")]
    [InlineData("{\"model_type\": \"llama\"", "expected JSON")]
    [InlineData("{\"model_type\": \"llama\", \"num_hidden_layers\": NaN}", "expected JSON")]
    [InlineData("{\"\\ud800 in a key\": 1}", "expected keys of whole characters, found half a surrogate pair")]
    [InlineData("{\"model_type\": \"llama\\udfff\"}", "'model_type': expected a string of whole characters")]
    [InlineData("{\"model_type\": {\"a\": [[[[[[1]]]]]]}}", "'model_type': expected a string, found an object")]
    public void A_configuration_that_is_none(string text, string message)
    {
        using var folder = new TemporaryFolder();
        PlainModels.Llama31.Write(folder.Path);
        File.WriteAllText(folder.File("config.json"), text);
        AssertRefused(folder.Path, message);
        File.WriteAllText(folder.File("config.json"), new string('[', 100_000));
        AssertRefused(folder.Path, "expected JSON");
        File.WriteAllText(folder.File("config.json"), new string(' ', (16 << 20) + 1));
        AssertRefused(folder.Path, "expected at most 16777216 bytes, found 16777217");
    }

    [Fact]
    public void An_index_that_leads_out_of_the_folder()
    {
        using var folder = new TemporaryFolder();
        PlainModels.Qwen3.Write(folder.Path);
        var index = folder.File("model.safetensors.index.json");
        var text = File.ReadAllText(index);
        File.WriteAllText(index, text.Replace("model-00002-of", "../model-00002-of", StringComparison.Ordinal));
        AssertRefused(folder.Path, "the plain name of a .safetensors file beside the index");
        File.WriteAllText(index, text.Replace("model-00002-of", "model-00009-of", StringComparison.Ordinal));
        AssertRefused(folder.Path, "expected 3 files, found 1 missing: model-00009-of-000003.safetensors");
    }

    [Fact]
    public void A_folder_that_holds_no_model()
    {
        using var folder = new TemporaryFolder();
        AssertRefused(folder.Path, "expected config.json with safetensors, Grok-1's ckpt-0 (or its tensor files), expert records beside a backbone.gguf, or a GGUF file, found none of them");
        File.WriteAllText(folder.File("config.json"), PlainModels.Llama31.Config);
        AssertRefused(folder.Path, "expected model.safetensors.index.json or safetensors files, found neither");
        File.Delete(folder.File("config.json"));
        SafetensorsReference.WriteFile(folder.File("model.safetensors"), [("one", s_one)]);
        AssertRefused(folder.File("model.safetensors"), "config.json: cannot be read");
        Directory.CreateDirectory(folder.File("config.json"));
        AssertRefused(folder.File("model.safetensors"), "config.json: cannot be read");
    }

    private static void AssertRefused(string name, string message, Action<Dictionary<string, StoredTensor>> change)
    {
        using var folder = new TemporaryFolder();
        Write(folder.Path, name, change);
        AssertRefused(folder.Path, message);
    }

    private static void AssertRuns(string name, Action<Dictionary<string, StoredTensor>> change)
    {
        using var folder = new TemporaryFolder();
        Write(folder.Path, name, change);
        HostileConfigTests.Run(folder.Path);
    }

    private static void Write(string folder, string name, Action<Dictionary<string, StoredTensor>> change)
    {
        var model = PublishedModels.Named(name);
        var entries = model.Stored.ToDictionary(entry => entry.Name, entry => entry.Tensor);
        change(entries);
        PublishedFolder.Write(folder, model.Config, entries.Select(entry => (entry.Key, entry.Value)));
    }

    private static void AssertRefused(string path, string message)
    {
        var exception = Assert.Throws<CheckpointException>(() => HostileConfigTests.Run(path));
        Assert.Contains(message, exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(exception.Message, char.IsControl);
        Assert.Contains(Path.GetTempPath(), exception.Message, StringComparison.Ordinal);
    }
}
