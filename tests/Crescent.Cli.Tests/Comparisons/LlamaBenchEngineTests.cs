using Crescent.Cli;
using Crescent.Cli.Comparisons;
using Xunit;
using static Crescent.Tests.Comparisons.PeerReports;

namespace Crescent.Tests.Comparisons;

public sealed class LlamaBenchEngineTests
{
    private static readonly EngineCase s_case = new("/models/m.gguf", 512, 128, 0, 2, 512, 3);

    [Fact]
    public void A_help_text_tells_the_project_and_what_it_can()
    {
        Assert.True(LlamaBenchEngine.IsHelp(LlamaHelp));
        Assert.True(LlamaBenchEngine.IsHelp(IkHelp));
        Assert.False(LlamaBenchEngine.IsHelp("usage: ls [OPTION]...\n  -p, --n-prompt"));
        Assert.Equal(("llama.cpp", "ik_llama.cpp"), (LlamaBenchEngine.ProjectOf(LlamaHelp), LlamaBenchEngine.ProjectOf(IkHelp)));
        Assert.True(Engine(LlamaHelp).PrefillsAtDepth);
        Assert.False(Engine(IkHelp).PrefillsAtDepth);
    }

    [Fact]
    public void The_command_asks_for_both_tests_and_shows_no_place_of_a_file()
    {
        var engine = Engine(IkHelp, "-rtr", "1");
        Assert.Equal("-m /models/m.gguf -p 512 -n 128 -t 2 -b 2048 -ub 512 -r 3 -o json", string.Join(' ', engine.Arguments(s_case)));
        Assert.Equal("llama-bench -m m.gguf -p 512 -n 128 -t 2 -b 2048 -ub 512 -r 3 -o json -rtr 1", engine.Command(s_case));
        Assert.Contains("-b 4096 -ub 4096", engine.Command(s_case with { Ubatch = 4096 }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_depth_is_asked_for_as_the_peer_knows_it()
    {
        var deep = s_case with { Depth = 4096 };
        Assert.Contains("-p 512 -n 128 -d 4096", string.Join(' ', Engine(LlamaHelp).Arguments(deep)), StringComparison.Ordinal);
        Assert.Contains("-p 0 -n 0 -gp 4096,128", string.Join(' ', Engine(IkHelp).Arguments(deep with { PromptTokens = 0 })), StringComparison.Ordinal);
        var neither = Engine(LlamaHelp.Replace("-d, --n-depth", "", StringComparison.Ordinal));
        Assert.Contains("has neither -d nor -gp", Assert.Throws<CommandFailedException>(() => neither.Arguments(deep)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Both_tests_are_read_with_all_repeats()
    {
        var figures = Engine(LlamaHelp).Parse(Report(Test(512, 0, 60.5, 61, 59.25), Test(0, 128, 13.5, 14)), s_case);
        Assert.Equal([60.5, 61, 59.25], figures.Prefill);
        Assert.Equal([13.5, 14], figures.Decode);
        Assert.Equal("commit 8337e4cd3, build 4840", figures.Version);
    }

    [Fact]
    public void A_decode_behind_a_prompt_is_a_decode()
    {
        var figures = Engine(IkHelp).Parse(Report(Test(4096, 128, 9.5)), s_case with { Depth = 4096, PromptTokens = 0 });
        Assert.Empty(figures.Prefill);
        Assert.Equal([9.5], figures.Decode);
    }

    [Fact]
    public void Lines_of_a_log_between_the_tests_do_no_harm()
    {
        var report = Report(Test(512, 0, 60), Test(0, 128, 13)).Replace("[\n", "[\n============ Repacked 131 tensors\n", StringComparison.Ordinal);
        Assert.Equal([13.0], Engine(IkHelp).Parse("llama_model_load: x\n" + report, s_case).Decode);
    }

    [Theory]
    [InlineData("", "expected a JSON array of tests")]
    [InlineData("[", "expected a JSON array of tests")]
    [InlineData("{}", "expected a JSON array of tests, found something else")]
    [InlineData("[{\"build_commit\": \"x\"}]", "expected a field 'build_number'")]
    public void What_is_no_report_is_told(string output, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => Engine(LlamaHelp).Parse(output, s_case)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_flag_given_twice_is_told() => Assert.Contains(
        "expected one decode test in its report, found 2: --peer-args repeats a flag",
        Assert.Throws<FormatException>(() => Engine(LlamaHelp).Parse(Report(Test(0, 128, 1), Test(0, 128, 2)), s_case)).Message,
        StringComparison.Ordinal);

    private static LlamaBenchEngine Engine(string help, params string[] extra) => new("peer", "/bin/llama-bench", help, extra);
}
