using System.Text;
using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

public sealed class TokenizeCommandTests
{
    private const string Sample = "Hello, world! Ünïcödé 日本語 🙂 123  spaces\n\tdef f(x): return x";

    public static TheoryData<string> Tokenizers =>
    [
        "weights/stories260K/stories260K.gguf", "weights/stories260K/tok512.bin", "kimi-k2/tiktoken.model", "kimi-k2", "grok-1/tokenizer.model", "qwen3",
        "o200k/o200k_base.tiktoken", "deepseek-v3/deepseek-v3.tiktoken", "ggml-vocab/ggml-vocab-llama-spm.gguf",
    ];

    [Theory]
    [MemberData(nameof(Tokenizers))]
    public void Detokenize_takes_back_what_tokenize_did(string name)
    {
        var model = Path(name);
        var ids = Ids(InProcess.Run("tokenize", model, "--text", Sample).Json);
        Assert.Equal(Sample, Detokenize(model, ids));
    }

    [Fact]
    public void The_document_holds_ids_and_their_pieces()
    {
        var json = InProcess.Run("tokenize", Path("kimi-k2"), "--text", "Hello world").Json;
        Assert.Equal(["Hello", " world"], json.GetProperty("pieces").EnumerateArray().Select(piece => piece.GetString()));
        Assert.Equal(2, json.GetProperty("ids").GetArrayLength());
        Assert.Equal(["ids", "pieces"], json.EnumerateObject().Select(property => property.Name));
    }

    [Fact]
    public void Json_changes_nothing() =>
        Assert.Equal(InProcess.Run("tokenize", Models.Stories, "--text", "a").Out, InProcess.Run("tokenize", Models.Stories, "--text", "a", "--json").Out);

    [Fact]
    public void A_piece_that_is_no_text_alone_is_its_bytes()
    {
        var pieces = InProcess.Run("tokenize", Path("weights/stories260K/tok512.bin"), "--text", "🙂").Json.GetProperty("pieces").EnumerateArray().ToArray();
        Assert.Equal([" ", "[240]", "[159]", "[153]", "[130]"], pieces.Select(piece => piece.ValueKind == JsonValueKind.String ? piece.GetString()! : piece.GetRawText()));
    }

    [Fact]
    public void A_file_is_taken_byte_for_byte()
    {
        using var folder = new TemporaryFolder();
        byte[] bytes = [0xFF, 0xC3, 0x28, (byte)'a', 0xF0, 0x9F, 0x0A];
        var json = InProcess.Run("tokenize", Path("kimi-k2"), "--file", folder.Write("bytes", bytes)).Json;
        var joined = json.GetProperty("pieces").EnumerateArray().SelectMany(piece => piece.ValueKind == JsonValueKind.String
            ? Encoding.UTF8.GetBytes(piece.GetString()!)
            : piece.EnumerateArray().Select(value => value.GetByte()));
        Assert.Equal(bytes, joined);
        Assert.Contains('\uFFFD', Detokenize(Path("kimi-k2"), Ids(json)));
    }

    [Fact]
    public void Marker_text_is_text_unless_it_is_trusted()
    {
        var model = Path("kimi-k2");
        Assert.DoesNotContain(163586, Ids(InProcess.Run("tokenize", model, "--text", "<|im_end|>").Json));
        var trusted = InProcess.Run("tokenize", model, "--text", "<|im_end|>", "--special").Json;
        Assert.Equal([163586], Ids(trusted));
        Assert.Equal("<|im_end|>", trusted.GetProperty("pieces")[0].GetString());
        Assert.Equal("", Detokenize(model, [163586]));
        Assert.Equal("<|im_end|>", InProcess.Run("detokenize", model, "--tokens", "163586", "--special").Json.GetProperty("text").GetString());
    }

    [Fact]
    public void The_start_token_comes_first_where_there_is_one()
    {
        Assert.Equal(163584, Ids(InProcess.Run("tokenize", Path("kimi-k2"), "--text", "a", "--bos").Json)[0]);
        Assert.Equal([1], Ids(InProcess.Run("tokenize", Models.Stories, "--text", "", "--bos").Json));
        InProcess.Run("tokenize", Path("qwen3"), "--text", "a", "--bos").Failed(1, "--bos", "no start token");
    }

    [Theory]
    [InlineData("")]
    [InlineData("--bos")]
    [InlineData("-")]
    [InlineData("@x")]
    public void Any_text_is_text(string text)
    {
        var json = InProcess.Run("tokenize", Path("kimi-k2"), "--text", text).Json;
        Assert.Equal(text, string.Concat(json.GetProperty("pieces").EnumerateArray().Select(piece => piece.GetString())));
    }

    [Fact]
    public void A_bare_rank_file_that_is_not_known_needs_its_splitter()
    {
        using var folder = new TemporaryFolder();
        // Without its last line the file is no longer the known one.
        var lines = File.ReadAllLines(SharedData.Path("o200k", "o200k_base.tiktoken"));
        File.WriteAllLines(folder["ranks.tiktoken"], lines[..^1]);
        InProcess.Run("tokenize", folder["ranks.tiktoken"], "--text", "a").Failed(1, "ranks.tiktoken");
        InProcess.Run("tokenize", folder["ranks.tiktoken"], "--text", "a", "--pre", "o200k").Succeeded();
        InProcess.Run("tokenize", folder["ranks.tiktoken"], "--text", "a", "--pre", "x").Failed(1, "\"x\"", "kimi-k2, deepseek-v3, o200k, llama3, qwen2, gpt2");
    }

    [Fact]
    public void Text_and_file_exclude_each_other()
    {
        InProcess.Run("tokenize", Models.Stories).Failed(2, "--text", "--file", "none");
        InProcess.Run("tokenize", Models.Stories, "--text", "a", "--file", "b").Failed(2, "both");
        InProcess.Run("tokenize", Models.Stories, "--file", "/nonexistent").Failed(1, "--file", "no such file");
    }

    [Fact]
    public void Token_ids_are_checked()
    {
        InProcess.Run("detokenize", Models.Stories).Failed(2, "--tokens", "none");
        InProcess.Run("detokenize", Models.Stories, "--tokens", "").Failed(2, "--tokens", "found none");
        InProcess.Run("detokenize", Models.Stories, "--tokens", "1,x").Failed(2, "--tokens", "found 'x'");
        InProcess.Run("detokenize", Models.Stories, "--tokens", "1", "--tokens-file", "f").Failed(2, "both");
        InProcess.Run("detokenize", Models.Stories, "--tokens", "99999999999").Failed(2, "'99999999999'");
        InProcess.Run("detokenize", Models.Stories, "--tokens", "512").Failed(1, "512");
        InProcess.Run("detokenize", Models.Stories, "--tokens-file", "/nonexistent").Failed(1, "--tokens-file", "no such file");
    }

    [Fact]
    public void Token_ids_may_come_from_a_file()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal("Once upon a time", InProcess.Run("detokenize", Models.Stories, "--tokens-file", folder.Write("ids", "403 407,\n261\t378\n")).Json.GetProperty("text").GetString());
        InProcess.Run("detokenize", Models.Stories, "--tokens-file", folder.Write("ids", "403 x")).Failed(1, folder["ids"], "'x'");
    }

    [Fact]
    public void Bytes_that_are_no_text_become_replacement_characters() =>
        Assert.Equal("\uFFFD", Detokenize(Models.Stories, [243]));

    private static string Path(string name) => SharedData.Path(name.Split('/'));

    private static int[] Ids(JsonElement json) => JsonAssert.Ints(json.GetProperty("ids"));

    private static string Detokenize(string model, int[] ids) =>
        InProcess.Run("detokenize", model, "--tokens", string.Join(',', ids)).Json.GetProperty("text").GetString()!;
}
