using System.Text;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

/// <summary>A MODEL that is not one: exit code 1, and a line that says what it looks like instead.</summary>
public sealed class ModelFileTests
{
    public static TheoryData<string, string> Files => new()
    {
        { "", "empty" },
        { "Hello, this is not a model at all.", "GGUF" },
        { "PK\u0003\u0004 and some more bytes of an archive", "zip archive" },
        { "<!DOCTYPE html><html><body>404</body></html>", "HTML page" },
        { "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "git-lfs pointer" },
        { "@\0\0\0\0\0\0\0{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}     ", "safetensors" },
        { "GGUF", "" },
        { "GGUF\u0003\0\0\0", "" },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void Another_kind_of_file_is_told_by_name(string content, string expected)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("model.gguf", Encoding.Latin1.GetBytes(content));
        InProcess.Run("run", path, "-p", "a").Failed(1, path, expected);
        InProcess.Run("inspect", path).Failed(1, path, expected);
        InProcess.Run("logits", path, "--tokens", "1", "--out", folder["logits"]).Failed(1, path, expected);
        InProcess.Run("bench", path).Failed(1, path, expected);
        InProcess.Run("tokenize", path, "--text", "a").Failed(1, path);
    }

    [Fact]
    public void A_missing_model_is_told()
    {
        using var folder = new TemporaryFolder();
        var path = folder["none.gguf"];
        InProcess.Run("run", path, "-p", "a").Failed(1, path, "no such file");
        InProcess.Run("chat", path).Failed(1, path, "no such file");
        InProcess.Run("bench", path).Failed(1, path, "no such file");
        InProcess.Run("tokenize", path, "--text", "a").Failed(1, path, "no such file");
        InProcess.Run("detokenize", path, "--tokens", "1").Failed(1, path, "no such file");
    }

    [Fact]
    public void A_folder_without_a_model_is_told()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("run", folder.Path, "-p", "a").Failed(1, folder.Path, "expected config.json", "found none");
        InProcess.Run("tokenize", folder.Path, "--text", "a").Failed(1, folder.Path, "no tokenizer");
    }

    [Fact]
    public void A_vocabulary_without_weights_cannot_be_run() =>
        InProcess.Run("run", SharedData.Path("ggml-vocab", "ggml-vocab-gpt-2.gguf"), "-p", "a").Failed(1, "gpt2", "supported: llama");

    [Fact]
    public void A_model_cut_short_is_told()
    {
        using var folder = new TemporaryFolder();
        var whole = File.ReadAllBytes(Models.Stories);
        InProcess.Run("run", folder.Write("cut.gguf", whole[..(whole.Length / 2)]), "-p", "a").Failed(1, "cut.gguf");
    }
}
