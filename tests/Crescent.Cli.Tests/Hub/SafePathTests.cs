using Crescent.Cli;
using Crescent.Cli.Hub;
using Xunit;

namespace Crescent.Tests.Hub;

public sealed class SafePathTests
{
    public static TheoryData<string> Hostile =>
    [
        "", "/etc/passwd", "../x", "a/../../x", "a/..", "..", ".", "a/./b", "a//b", "a/", "C:/x", "c:x", "a\\b", "..\\x", "\\\\host\\share", "a:stream", ".bashrc", "a/.git/config",
        "CON", "con.json", "a/NUL", "com1", "LPT9.txt", "COM¹", "CONIN$", "a.", "a ", "a. ", "x*", "x?", "x\"", "x<", "x|y", "a\0b", "a\nb", "a\u007Fb", "x.part", "x.PART", "x.part.journal",
        new string('a', 201), string.Join('/', Enumerable.Repeat("a", 17)), new string('é', 120),
    ];

    // A runner that carries a row to its test as UTF-8 would mend it.
    [Fact]
    public void Half_a_surrogate_pair_is_refused() => A_name_that_is_not_plain_and_relative_is_refused("\ud800");

    [Theory]
    [MemberData(nameof(Hostile))]
    public void A_name_that_is_not_plain_and_relative_is_refused(string path)
    {
        Assert.NotNull(SafePath.Objection(path));
        var message = Assert.Throws<CommandFailedException>(() => SafePath.Combine(Path.GetTempPath(), path)).Message;
        Assert.DoesNotContain(message, char.IsControl);
    }

    [Theory]
    [InlineData("config.json")]
    [InlineData("model-00001-of-00002.safetensors")]
    [InlineData("ckpt-0/tensor00000_000")]
    [InlineData("UD-Q4_K_XL/Kimi K2 (1).gguf")]
    [InlineData("模型/a..b.gguf")]
    [InlineData("console.json")]
    public void A_plain_name_stays_in_its_folder(string path)
    {
        var root = Path.Combine(Path.GetTempPath(), "root");
        Assert.Equal(Path.Combine(root, path.Replace('/', Path.DirectorySeparatorChar)), SafePath.Combine(root, path));
    }

    [Theory]
    [InlineData("moonshotai/Kimi-K2-Instruct", "moonshotai/Kimi-K2-Instruct", null)]
    [InlineData("unsloth/Kimi-K2-GGUF:UD-Q2_K_XL", "unsloth/Kimi-K2-GGUF", "UD-Q2_K_XL")]
    public void A_hub_id_is_an_organisation_a_name_and_a_quant(string text, string name, string? quant)
    {
        var id = HubId.Parse(text);
        Assert.Equal((name, quant), (id.Name, id.Quant));
    }

    [Theory]
    [InlineData("name")]
    [InlineData("a/b/c")]
    [InlineData("../b")]
    [InlineData("a/..")]
    [InlineData("/b")]
    [InlineData("a/")]
    [InlineData("a/b:")]
    [InlineData("a/b:q/../x")]
    [InlineData(".a/b")]
    [InlineData("-a/b")]
    [InlineData("a/nul")]
    [InlineData("a b/c")]
    [InlineData("https://huggingface.co/a/b")]
    [InlineData("a\\b/c")]
    public void What_cannot_be_two_folders_is_no_hub_id(string text)
    {
        Assert.Null(HubId.TryParse(text));
        Assert.Equal(CommandFailedException.WrongUsage, Assert.Throws<CommandFailedException>(() => HubId.Parse(text)).ExitCode);
    }
}
