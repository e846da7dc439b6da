using Crescent.Cli;
using Crescent.Cli.Hub;
using Xunit;

namespace Crescent.Tests.Hub;

public sealed class FileSelectionTests
{
    private static readonly string[] s_quants =
    [
        "README.md", "Q4_K_M/m-Q4_K_M-00001-of-00002.gguf", "Q4_K_M/m-Q4_K_M-00002-of-00002.gguf", "m-Q4_K_S.gguf", "m-Q4_K.gguf", "UD-Q2_K_XL/m-UD-Q2_K_XL.gguf", "m-IQ4_XS.gguf",
        "m-BF16.gguf", "mmproj-BF16.gguf", "imatrix.gguf",
    ];

    [Fact]
    public void A_safetensors_model_comes_with_its_configuration_and_tokenizer()
    {
        string[] taken = ["config.json", "generation_config.json", "model-1-of-61.safetensors", "model.safetensors.index.json", "tiktoken.model", "tokenizer.json", "chat_template.jinja", "merges.txt"];
        string[] left = ["README.md", ".gitattributes", "pytorch_model.bin", "original/consolidated.00.pth", "onnx/model.onnx", "original/model.safetensors", "consolidated.safetensors", "modeling.py", "m.gguf"];
        Assert.Equal(taken.Order(), Chosen("a/b", [.. taken, .. left]));
    }

    [Fact]
    public void Consolidated_weights_are_taken_where_there_are_no_others() =>
        Assert.Equal(["consolidated.safetensors", "params.json"], Chosen("a/b", ["consolidated.safetensors", "params.json"]));

    [Theory]
    [InlineData("Q4_K_M", "Q4_K_M/m-Q4_K_M-00001-of-00002.gguf Q4_K_M/m-Q4_K_M-00002-of-00002.gguf")]
    [InlineData("q4_k_s", "m-Q4_K_S.gguf")]
    [InlineData("Q4_K", "m-Q4_K.gguf")]
    [InlineData("Q2_K_XL", "UD-Q2_K_XL/m-UD-Q2_K_XL.gguf")]
    [InlineData("iq4", "m-IQ4_XS.gguf")]
    [InlineData("BF16", "m-BF16.gguf")]
    public void A_label_means_one_GGUF_model_with_all_its_shards(string label, string expected) =>
        Assert.Equal(expected.Split(' '), Chosen($"a/b:{label}", s_quants));

    [Fact]
    public void The_only_GGUF_model_needs_no_label() => Assert.Equal(["x/m.gguf"], Chosen("a/b", ["x/m.gguf", "mmproj-m.gguf", "config.json"]));

    [Fact]
    public void Groks_pickles_come_with_their_tokenizer() =>
        Assert.Equal(["ckpt-0/tensor00000_000", "tokenizer.model"], Chosen("a/b", ["ckpt-0/tensor00000_000", "tokenizer.model", "README.md"]));

    [Theory]
    [InlineData("a/b", "found 6: name one of a/b:Q4_K_M, a/b:UD-Q2_K_XL, a/b:BF16, a/b:IQ4_XS, a/b:Q4_K, a/b:Q4_K_S")]
    [InlineData("a/b:q4_k_", "found 2: name one of a/b:Q4_K_M, a/b:Q4_K_S")]
    [InlineData("a/b:Q8_0", "no GGUF file for 'Q8_0'; there is a/b:Q4_K_M, a/b:UD-Q2_K_XL")]
    public void Where_a_label_is_none_or_several_the_choices_are_named(string id, string expected) =>
        Assert.Contains(expected, Refused(id, s_quants), StringComparison.Ordinal);

    [Fact]
    public void A_missing_shard_is_told() =>
        Assert.Contains("expected 3 shards, found 2", Refused("a/b", ["m-00001-of-00003.gguf", "m-00003-of-00003.gguf"]), StringComparison.Ordinal);

    [Fact]
    public void Without_a_model_the_files_are_named()
    {
        Assert.Contains("found none; it has model.bin, x.onnx", Refused("a/b", ["model.bin", "x.onnx"]), StringComparison.Ordinal);
        Assert.Contains("it has no files", Refused("a/b", []), StringComparison.Ordinal);
        Assert.Contains("found none for 'Q8_0'", Refused("a/b:Q8_0", ["model.safetensors"]), StringComparison.Ordinal);
    }

    [Fact]
    public void Patterns_take_the_place_of_the_usual_files()
    {
        Assert.Equal(["original/a.pth", "x.md"], Chosen("a/b", ["original/a.pth", "x.md", "model.safetensors"], "*.pth", "*.md"));
        Assert.Equal(["m-Q4_K_S.gguf"], Chosen("a/b:Q4_K_S", s_quants, "*.gguf"));
        Assert.Contains("no file matches --include *.x", Refused("a/b", ["model.safetensors"], "*.x"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../x-Q8_0.gguf")]
    [InlineData("/etc/x-Q8_0.gguf")]
    [InlineData("a\\..\\x-Q8_0.gguf")]
    [InlineData(".ssh/x-Q8_0.gguf")]
    [InlineData("C:x-Q8_0.gguf")]
    public void A_hostile_name_is_refused(string path) => Assert.Contains("refused file name", Refused("a/b:Q8_0", [path]), StringComparison.Ordinal);

    [Theory]
    [InlineData("Config.json", "config.json")]
    [InlineData("config.json", "config.json")]
    [InlineData("x", "x/y")]
    public void Names_that_would_be_one_file_are_refused(string first, string second) =>
        Assert.Contains("refused file name", Refused("a/b", [first, second], "*"), StringComparison.Ordinal);

    private static IEnumerable<string> Chosen(string id, string[] paths, params string[] include) =>
        FileSelection.Choose(HubId.Parse(id), [.. paths.Select(path => new HubFile(path, 1, Digest.None))], include).Select(file => file.Path).Order();

    private static string Refused(string id, string[] paths, params string[] include) =>
        Assert.Throws<CommandFailedException>(() => Chosen(id, paths, include).ToArray()).Message;
}
