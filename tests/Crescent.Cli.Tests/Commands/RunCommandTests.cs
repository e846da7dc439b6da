using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

public sealed class RunCommandTests
{
    [Fact]
    public void Greedy_from_the_empty_prompt_tells_the_story_of_the_reference()
    {
        using var reference = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("weights", "stories260K", "reference.json")));
        var expected = JsonAssert.Ints(reference.RootElement.GetProperty("greedy_tokens"));
        var result = InProcess.Run("run", Models.Stories, "--raw", "-p", "", "--temp", "0", "-n", "100", "-c", "512", "--kv-type", "f32", "--json");
        Assert.Equal(expected[1..101], JsonAssert.Ints(result.Json.GetProperty("ids")));
        Assert.StartsWith(" Once upon a time, there was a little girl named Lily.", result.Json.GetProperty("text").GetString(), StringComparison.Ordinal);
        Assert.Contains("warning: a context of 512 tokens", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_has_the_fields_of_the_contract()
    {
        var json = InProcess.Run("run", Models.Stories, "--raw", "-p", "Once", "-n", "4", "--seed", "7", "--json").Json;
        JsonAssert.HasFields(
            json, "text", "ids", "finishReason", "promptTokens", "cachedTokens", "restoredTokens", "restoreMs", "generatedTokens", "prefillTokensPerSecond", "decodeTokensPerSecond",
            "timeToFirstTokenMs", "residentBytes", "expertHitRate", "seed");
        Assert.Equal("length", json.GetProperty("finishReason").GetString());
        Assert.Equal(4, json.GetProperty("generatedTokens").GetInt32());
        Assert.Equal(4, json.GetProperty("ids").GetArrayLength());
        Assert.Equal(7UL, json.GetProperty("seed").GetUInt64());
        Assert.True(json.GetProperty("residentBytes").GetInt64() > 0);
    }

    [Fact]
    public void The_answer_goes_to_standard_output_and_the_closing_line_to_standard_error()
    {
        var result = InProcess.Run("run", Models.Stories, "--raw", "-p", "Once upon a time", "-n", "8", "--temp", "0").Succeeded();
        Assert.Equal(", there was a little girl\n", result.Out);
        foreach (var part in new[] { "prompt ", "generated 8", "tok/s", "first token", "resident", "seed" })
        {
            Assert.Contains(part, Assert.Single(result.Error.TrimEnd().Split('\n')), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Quiet_leaves_only_the_answer() =>
        Assert.Equal("", InProcess.Run("run", Models.Stories, "--raw", "-p", "Once", "-n", "2", "-c", "512", "--quiet").Succeeded().Error);

    [Fact]
    public void Streamed_text_equals_the_text_of_the_json_document()
    {
        string[] args = ["run", Models.Stories, "-p", "Tim saw", "-n", "40", "--seed", "11"];
        Assert.Equal(InProcess.Run(args).Out, InProcess.Run([.. args, "--json"]).Json.GetProperty("text").GetString() + "\n");
    }

    [Fact]
    public void The_same_seed_gives_the_same_text_and_another_one_another()
    {
        string Text(string seed) => InProcess.Run("run", Models.Stories, "--raw", "-p", "Lily", "-n", "30", "--temp", "1", "--seed", seed).Succeeded().Out;
        Assert.Equal(Text("5"), Text("5"));
        Assert.NotEqual(Text("5"), Text("6"));
    }

    [Fact]
    public void The_reported_seed_repeats_an_answer()
    {
        var first = InProcess.Run("run", Models.Stories, "-p", "Lily", "-n", "20", "--temp", "1", "--json").Json;
        var again = InProcess.Run("run", Models.Stories, "-p", "Lily", "-n", "20", "--temp", "1", "--json", "--seed", first.GetProperty("seed").GetUInt64().ToString()).Json;
        Assert.Equal(first.GetProperty("text").GetString(), again.GetProperty("text").GetString());
    }

    [Theory]
    [InlineData("-hello")]
    [InlineData("--temp")]
    [InlineData("-p")]
    [InlineData("--")]
    [InlineData("@file")]
    [InlineData("a=b:c")]
    [InlineData("")]
    [InlineData(" \n")]
    [InlineData("[diagram]")]
    [InlineData("\"quoted\"")]
    public void Any_text_is_a_prompt(string prompt)
    {
        var piped = InProcess.Pipe(prompt, "run", Models.Stories, "--raw", "-n", "3", "--temp", "0", "--json").Json;
        string[][] forms = [["-p", prompt], ["--prompt", prompt], [$"-p={prompt}"], [$"--prompt={prompt}"]];
        foreach (var form in forms)
        {
            var given = InProcess.Run(["run", Models.Stories, "--raw", .. form, "-n", "3", "--temp", "0", "--json"]).Json;
            Assert.Equal(piped.GetProperty("promptTokens").GetInt32(), given.GetProperty("promptTokens").GetInt32());
            Assert.Equal(piped.GetProperty("text").GetString(), given.GetProperty("text").GetString());
        }
    }

    [Fact]
    public void An_empty_raw_prompt_is_the_start_token_alone() =>
        Assert.Equal(1, InProcess.Run("run", Models.Stories, "--raw", "-p", "", "-n", "1", "--json").Json.GetProperty("promptTokens").GetInt32());

    [Fact]
    public void A_file_is_a_prompt()
    {
        using var folder = new TemporaryFolder();
        var fromFile = InProcess.Run("run", Models.Stories, "--raw", "-f", folder.Write("prompt.txt", "Once upon a time"), "-n", "8", "--temp", "0").Succeeded();
        Assert.Equal(", there was a little girl\n", fromFile.Out);
    }

    [Fact]
    public void A_prompt_may_be_bytes_that_are_no_text()
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("prompt.bin", [0xFF, 0xFE, 0x00, 0xC3, 0x28]);
        Assert.True(InProcess.Run("run", Models.Stories, "--raw", "-f", path, "-n", "2", "--json").Json.GetProperty("promptTokens").GetInt32() >= 6);
        InProcess.Run("run", Models.Stories, "-f", path, "-n", "2").Succeeded();
    }

    [Fact]
    public void A_prompt_and_a_file_together_are_wrong_usage() =>
        InProcess.Run("run", Models.Stories, "-p", "a", "-f", "b").Failed(2, "--prompt", "--file", "both");

    [Fact]
    public void A_prompt_file_that_is_missing_or_a_folder_is_named()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("run", Models.Stories, "-f", folder["none.txt"]).Failed(1, "--file", "no such file", folder["none.txt"]);
        InProcess.Run("run", Models.Stories, "-f", folder.Path).Failed(1, "--file", "found a folder", folder.Path);
    }

    [Fact]
    public void A_stop_text_ends_the_answer_before_itself()
    {
        var json = InProcess.Run("run", Models.Stories, "--raw", "-p", "Once upon a time", "--temp", "0", "-n", "100", "--stop", "girl", "--json").Json;
        Assert.Equal("stop", json.GetProperty("finishReason").GetString());
        Assert.Equal(", there was a little ", json.GetProperty("text").GetString());
    }

    [Fact]
    public void The_first_of_several_stop_texts_counts_and_an_empty_one_does_not()
    {
        var json = InProcess.Run("run", Models.Stories, "--raw", "-p", "Once upon a time", "--temp", "0", "-n", "100", "--stop", "girl", "--stop", "", "--stop", "was", "--json").Json;
        Assert.Equal(", there ", json.GetProperty("text").GetString());
    }

    [Fact]
    public void Ignoring_the_end_of_text_goes_on_to_the_number_of_tokens()
    {
        // A bias of +100 makes the end-of-text token (2) the only choice.
        var stopped = InProcess.Run("run", Models.Stories, "--raw", "-p", "Once", "-n", "5", "--logit-bias", "2+100", "--json").Json;
        Assert.Equal("stop", stopped.GetProperty("finishReason").GetString());
        Assert.Equal(0, stopped.GetProperty("generatedTokens").GetInt32());
        var ignored = InProcess.Run("run", Models.Stories, "--raw", "-p", "Once", "-n", "5", "--logit-bias", "2=100", "--ignore-eos", "--json").Json;
        Assert.Equal("length", ignored.GetProperty("finishReason").GetString());
        Assert.Equal([2, 2, 2, 2, 2], JsonAssert.Ints(ignored.GetProperty("ids")));
    }

    [Fact]
    public void A_negative_logit_bias_bans_a_token()
    {
        int First(params string[] bias) =>
            JsonAssert.Ints(InProcess.Run(["run", Models.Stories, "--raw", "-p", "Once upon a time", "-n", "1", "--temp", "0", "--json", .. bias]).Json.GetProperty("ids"))[0];
        var likeliest = First();
        Assert.NotEqual(likeliest, First("--logit-bias", $"{likeliest}-100"));
        Assert.NotEqual(likeliest, First("--logit-bias", $"{likeliest}=5", "--logit-bias", $"{likeliest}=-100"));
    }

    [Fact]
    public void Every_sampling_option_together_runs()
    {
        var json = InProcess.Run(
            "run", Models.Stories, "--raw", "-p", "Once", "-n", "20", "--json", "--temp", "0.9", "--top-k", "50", "--top-p", "0.95", "--min-p", "0.01", "--typical", "0.98",
            "--repeat-penalty", "1.1", "--presence-penalty", "0.1", "--frequency-penalty", "0.1", "--repeat-last-n", "32", "--dry-multiplier", "0.8", "--dry-base", "1.75",
            "--dry-allowed-length", "2", "--dry-penalty-last-n", "-1", "--dry-breaker", "\n", "--xtc-probability", "0.5", "--xtc-threshold", "0.1", "--seed", "3").Json;
        Assert.Equal(20, json.GetProperty("generatedTokens").GetInt32());
    }

    [Fact]
    public void A_prompt_longer_than_the_context_is_refused_with_both_numbers() =>
        InProcess.Pipe(string.Concat(Enumerable.Repeat("Once upon a time. ", 60_000)), "run", Models.Stories, "--raw").Failed(1, "the prompt has", "tokens", "context of 128");

    [Fact]
    public void The_answer_ends_with_the_context()
    {
        var json = InProcess.Run("run", Models.Stories, "--raw", "-p", "", "-c", "20", "--ignore-eos", "--json").Json;
        Assert.Equal("length", json.GetProperty("finishReason").GetString());
        Assert.Equal(19, json.GetProperty("generatedTokens").GetInt32());
    }

    [Fact]
    public void A_huge_context_takes_no_memory_ahead()
    {
        var before = Environment.WorkingSet;
        var json = InProcess.Run("run", Models.Stories, "--raw", "-p", "Once", "-n", "4", "-c", "2000000000", "--json").Json;
        Assert.True(json.GetProperty("residentBytes").GetInt64() - before < 500L << 20);
    }

    [Fact]
    public void Nothing_to_generate_is_an_empty_answer()
    {
        var json = InProcess.Run("run", Models.Stories, "--raw", "-p", "Once", "-n", "0", "--json").Json;
        Assert.Equal("", json.GetProperty("text").GetString());
        Assert.Equal("length", json.GetProperty("finishReason").GetString());
    }

    [Fact]
    public void An_interrupted_answer_ends_with_130_and_says_how_to_repeat_it()
    {
        using var interrupt = new CancellationTokenSource();
        interrupt.Cancel();
        var result = InProcess.RunWith("", interrupt.Token, "run", Models.Stories, "--raw", "-p", "Once", "--json");
        Assert.Equal(130, result.ExitCode);
        using var json = JsonDocument.Parse(result.Out);
        Assert.Equal("cancelled", json.RootElement.GetProperty("finishReason").GetString());
        Assert.Contains("--seed", result.Error, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Goldens))]
    public void Golden_models_run(string name)
    {
        string[] args = ["run", Models.Golden(name), "--raw", "-p", "Once upon", "-n", "6", "--temp", "0", "--ignore-eos", "--json"];
        var json = InProcess.Run(args).Json;
        Assert.Equal(6, json.GetProperty("generatedTokens").GetInt32());
        Assert.Equal(JsonAssert.Ints(json.GetProperty("ids")), JsonAssert.Ints(InProcess.Run([.. args, "-t", "1"]).Json.GetProperty("ids")));
    }

    [Theory]
    [InlineData("--isa", "portable")]
    [InlineData("--activations", "f32")]
    [InlineData("--mla", "absorbed")]
    [InlineData("--mla", "expanded")]
    [InlineData("--kv-type", "bf16")]
    [InlineData("--template", "chatml")]
    [InlineData("--template", "harmony")]
    [InlineData("--system", "")]
    [InlineData("--threads", "1")]
    public void Ways_to_run_a_model_are_accepted(string option, string value) =>
        InProcess.Run("run", Models.Golden("g-kimi-k2-q4_0"), "-p", "Once", "-n", "2", option, value).Succeeded();

    [Fact]
    public void More_threads_than_processors_are_not_used()
    {
        var result = InProcess.Run("run", Models.Stories, "--raw", "-p", "Once", "-n", "3", "-t", "1024").Succeeded();
        Assert.Contains($"warning: --threads: this machine has {Environment.ProcessorCount} processors", result.Error, StringComparison.Ordinal);
    }

    public static TheoryData<string> Goldens() => [.. Models.GoldenNames];
}
