using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

public sealed class PlanCommandTests
{
    private static readonly string[] s_rates = ["--drive-bandwidth", "3.5,7", "--memory-bandwidth", "80", "--compute", "700"];

    [Fact]
    public void A_preset_is_planned_without_files()
    {
        var json = Run("kimi-k2", "--memory", "64GB,128GB", "--watts", "180", "--tariff", "0.25", "--json").Json;
        Assert.Equal("Q4_0", json.GetProperty("type").GetString());
        Assert.Equal(570_760_888_320, json.GetProperty("shape").GetProperty("expertBytes").GetInt64());
        var budget = json.GetProperty("budgets")[0];
        Assert.Equal(64_000_000_000, budget.GetProperty("memory").GetInt64());
        var plan = budget.GetProperty("plan");
        Assert.Equal(37, plan.GetProperty("slots").GetInt32());
        Assert.Equal(64_000_000_000, Parts(plan).Sum());
        var decode = plan.GetProperty("decode").EnumerateArray().ToArray();
        Assert.Equal(6, decode.Length); // three routings, two drives
        var row = decode.First(row => row.GetProperty("routing").GetString() == "typical" && row.GetProperty("driveGBps").GetDouble() == 7);
        var share = 37 / 384.0;
        Assert.Equal(Math.Pow(share, 0.3), row.GetProperty("hitRate").GetDouble(), 9);
        var seconds = (1 - Math.Pow(share, 0.3)) * 480 * 24_772_608 / 7e9;
        Assert.Equal(1 / seconds, row.GetProperty("tokensPerSecond").GetDouble(), 6);
        Assert.Equal(180 * seconds / 3.6, row.GetProperty("kwhPerMillionTokens").GetDouble(), 6);
        Assert.Equal(180 * seconds / 3.6 * 0.25, row.GetProperty("costPerMillionTokens").GetDouble(), 6);
        Assert.Equal([4096, 32768, 131072, 262144], plan.GetProperty("contexts").EnumerateArray().Select(context => context.GetProperty("tokens").GetInt32()));
        Assert.Equal(70_272L * 131072, plan.GetProperty("contexts")[2].GetProperty("bytes").GetInt64());
        Assert.Equal(2 * 3, plan.GetProperty("prefill").GetArrayLength());
    }

    [Fact]
    public void A_table_tells_the_same()
    {
        var text = Run("kimi-k2", "--memory", "64GB", "--watts", "180", "--tariff", "0.25").Succeeded().Out;
        foreach (var part in new[] { "60 layers of 384, 8 a token", "attention 3.47 GB", "35%/50%/63%", "0.45/0.58/0.79", "0.90/1.2/1.6", "first token of a prompt of 1000 tokens", "262144", "kWh" })
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_file_is_planned_by_what_it_holds_and_its_drive_measured()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("synth", "tiny-kimi-k2", folder["model.gguf"]).Succeeded();
        var json = InProcess.Run("plan", folder["model.gguf"], "--memory", "1GB", "--memory-bandwidth", "80", "--compute", "700", "--ubatch", "64", "--json").Json;
        Assert.Equal(JsonValueKind.Null, json.GetProperty("type").ValueKind);
        Assert.Equal(16, json.GetProperty("shape").GetProperty("experts").GetInt32());
        Assert.StartsWith("measured: ", json.GetProperty("rates").GetProperty("driveSource").GetString(), StringComparison.Ordinal);
        Assert.True(json.GetProperty("rates").GetProperty("driveGBps")[0].GetDouble() > 0);
        var preset = Run("tiny-kimi-k2", "--memory", "1GB", "--ubatch", "64", "--json").Json;
        Assert.Equal(preset.GetProperty("shape").GetRawText(), json.GetProperty("shape").GetRawText());
    }

    [Fact]
    public void Memory_and_processor_are_measured_where_their_speeds_are_not_given()
    {
        var rates = InProcess.Run("plan", "tiny-kimi-k2", "--memory", "1GB", "--drive-bandwidth", "7", "--json").Json.GetProperty("rates");
        Assert.Equal(("measured", "measured"), (rates.GetProperty("memorySource").GetString(), rates.GetProperty("computeSource").GetString()));
        Assert.True(rates.GetProperty("memoryGBps").GetDouble() > 0.1 && rates.GetProperty("computeGmacs").GetDouble() > 0.1);
    }

    [Fact]
    public void A_budget_that_is_too_small_is_refused_with_what_would_do()
    {
        Run("kimi-k2-thinking", "--type", "int4", "--memory", "20GB").Failed(1, "--memory: 20.0 GB", "expected at least 23.2 GB", "--resident-type q8_0");
        Run("kimi-k2-thinking", "--type", "int4", "--memory", "10GB").Failed(1, "10.0 GB", "--resident-type q5_k");
        Run("kimi-k2-thinking", "--type", "int4", "--memory", "20GB", "--resident-type", "q8_0").Succeeded();
        var failure = Run("kimi-k2", "--memory", "2GB").Failed(1, "expected at least 8.06 GB");
        Assert.DoesNotContain("--resident-type", failure.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_several_budgets_those_that_do_are_planned()
    {
        var text = Run("kimi-k2", "--memory", "2GB,64GB").Succeeded().Out;
        Assert.Contains("2.00 GB: cannot hold what must be resident", text, StringComparison.Ordinal);
        Assert.Contains("0.45/0.58/0.79", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Hit_rates_come_from_a_trace_or_an_exponent()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("routing", "synth", folder["trace"], "--experts", "384", "--skew", "0", "--tokens", "600", "--layers", "1").Succeeded();
        var traced = HitRate("--trace", folder["trace"]);
        Assert.InRange(traced, 0.06, 0.12); // even routing: the share of slots, 37 of 384
        Assert.Equal(Math.Pow(37 / 384.0, 0.5), HitRate("--hit-exponent", "0.5"), 9);
        Run("kimi-k2", "--memory", "64GB", "--hit-exponent", "0.5", "--trace", folder["trace"]).Failed(2, "found both");

        double HitRate(params string[] options) =>
            Run(["kimi-k2", "--memory", "64GB", "--json", .. options]).Json.GetProperty("budgets")[0].GetProperty("plan").GetProperty("decode")[0].GetProperty("hitRate").GetDouble();
    }

    [Theory]
    [InlineData("no-such-model", "--memory 64GB", 1, "no such file")]
    [InlineData("kimi-k2", "", 2, "--memory: expected a size")]
    [InlineData("kimi-k2", "--memory lots", 2, "--memory: expected a size")]
    [InlineData("kimi-k2", "--memory 64GB --type q9", 2, "--type")]
    [InlineData("kimi-k2", "--memory 64GB --tariff 0.3", 2, "--watts")]
    [InlineData("kimi-k2", "--memory 64GB --watts 0", 2, "--watts: expected a number above 0")]
    [InlineData("kimi-k2", "--memory 64GB --hit-exponent -1", 2, "--hit-exponent: expected 0..10")]
    [InlineData("kimi-k2", "--memory 64GB --ubatch 0", 2, "--ubatch: expected 1")]
    [InlineData("kimi-k2", "--memory 64GB --drive-file no-such-file", 1, "no-such-file")]
    public void Wrong_usage_is_told(string model, string options, int exitCode, string message)
    {
        string[] rates = options.Contains("--drive-file", StringComparison.Ordinal) ? [] : s_rates;
        InProcess.Run(["plan", model, .. rates, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]).Failed(exitCode, message);
    }

    [Fact]
    public void A_presets_drive_must_be_named() =>
        InProcess.Run("plan", "kimi-k2", "--memory", "64GB").Failed(2, "--drive-bandwidth", "--drive-file");

    [Fact]
    public void Fewer_slots_than_chosen_experts_are_warned_of_and_hit_by_luck_alone()
    {
        // K2 Thinking as released: 4 slots a layer are left for the 8 experts of a token.
        string[] args = ["kimi-k2-thinking", "--type", "int4", "--memory", "32GB,64GB"];
        var budgets = Run([.. args, "--json"]).Json.GetProperty("budgets");
        var (few, enough) = (budgets[0].GetProperty("plan"), budgets[1].GetProperty("plan"));
        Assert.Equal((true, false), (few.GetProperty("hasTooFewSlots").GetBoolean(), enough.GetProperty("hasTooFewSlots").GetBoolean()));
        var slots = few.GetProperty("slots").GetInt32();
        Assert.InRange(slots, 1, 7);
        Assert.All(few.GetProperty("decode").EnumerateArray(), row => Assert.Equal(slots / 384.0, row.GetProperty("hitRate").GetDouble(), 9));
        Assert.InRange(enough.GetProperty("decode")[0].GetProperty("hitRate").GetDouble(), 0.2, 0.5);
        var text = Run(args).Succeeded().Out;
        Assert.Contains($"32.0 GB: warning: {slots} slots a layer for the 8 experts that a token takes", text, StringComparison.Ordinal);
        Assert.DoesNotContain("64.0 GB: warning", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_slice_is_run_and_put_beside_what_was_predicted()
    {
        using var folder = new TemporaryFolder();
        string[] args = ["tiny-moonlight", "--memory", "210MB", "--context", "64", "--ubatch", "64", "--measure", "--work-folder", folder.Path];
        var budget = Run([.. args, "--json"]).Json.GetProperty("budgets")[0];
        var (plan, measured) = (budget.GetProperty("plan"), budget.GetProperty("measured"));
        Assert.Equal((3, 2), (measured.GetProperty("layers").GetInt32(), measured.GetProperty("expertLayers").GetInt32()));
        Assert.Equal(plan.GetProperty("slots").GetInt32(), measured.GetProperty("slots").GetInt32());
        foreach (var name in (string[])["tokensPerSecond", "predictedTokensPerSecond", "prefillTokensPerSecond", "predictedPrefillTokensPerSecond", "wholePrefillTokensPerSecond", "driveGBps"])
        {
            Assert.True(measured.GetProperty(name).GetDouble() > 0, name);
        }

        // All layers do as much of their prediction as the slice did of its own.
        var reached = measured.GetProperty("tokensPerSecond").GetDouble() / measured.GetProperty("predictedTokensPerSecond").GetDouble();
        var whole = measured.GetProperty("whole").EnumerateArray().ToArray();
        Assert.Equal(["flat", "typical", "one topic"], whole.Select(row => row.GetProperty("routing").GetString()));
        Assert.All(whole, row => Assert.Equal(reached, row.GetProperty("tokensPerSecond").GetDouble() / row.GetProperty("predictedTokensPerSecond").GetDouble(), 6));
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void A_slice_of_other_layers_and_a_type_of_a_release_are_told_of()
    {
        using var folder = new TemporaryFolder();
        var text = Run("tiny-kimi-k2-thinking", "--type", "int4", "--memory", "200MB", "--context", "64", "--ubatch", "64", "--measure", "--measure-layers", "2", "--work-folder", folder.Path).Succeeded().Out;
        foreach (var part in (string[])["the first 2 layers (1 with experts", "slice: decode, tok/s", "slice: prefill of 64", "all layers: typical", "* extrapolated"])
        {
            Assert.Contains(part, text, StringComparison.Ordinal);
        }

        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public void An_interrupted_slice_leaves_nothing()
    {
        using var folder = new TemporaryFolder();
        using var source = new CancellationTokenSource();
        source.Cancel();
        var result = InProcess.RunWith("", source.Token, ["plan", "tiny-moonlight", "--memory", "200MB", "--context", "64", "--ubatch", "64", "--measure", "--work-folder", folder.Path, .. s_rates]);
        Assert.NotEqual(0, result.ExitCode);
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    [Theory]
    [InlineData("--measure-layers 1", 2, "expected 2..3 layers")]
    [InlineData("--measure-layers 4", 2, "expected 2..3 layers, so that one has experts, found 4")]
    [InlineData("--work-folder no-such-folder", 1, "no-such-folder")]
    public void A_slice_that_cannot_be_made_is_refused(string options, int exitCode, string message) =>
        Run(["tiny-kimi-k2", "--memory", "1GB", "--measure", .. options.Split(' ')]).Failed(exitCode, message);

    [Fact]
    public void What_has_no_experts_or_is_there_already_has_no_slice()
    {
        Run("llama-3.2-1b", "--memory", "4GB", "--measure").Failed(2, "llama-3.2-1b", "no experts");
        Run(Models.Stories, "--memory", "4GB", "--measure").Failed(2, "expected a preset", "crescent bench");
    }

    [Fact]
    public void A_slice_larger_than_the_drive_is_refused_before_it_is_written()
    {
        using var folder = new TemporaryFolder();
        Run("kimi-k2", "--type", "f32", "--memory", "8TB", "--measure", "--measure-layers", "61", "--work-folder", folder.Path).Failed(1, "61 layers of kimi-k2", "--work-folder", "--measure-layers");
        Assert.Empty(Directory.GetFileSystemEntries(folder.Path));
    }

    private static CliResult Run(params string[] args) => InProcess.Run(["plan", .. args, .. s_rates]);

    private static long[] Parts(JsonElement plan) =>
        [.. new[] { "residentBytes", "scratchBytes", "cacheBytes", "runtimeBytes", "marginBytes", "slotBytes" }.Select(name => plan.GetProperty(name).GetInt64())];
}
