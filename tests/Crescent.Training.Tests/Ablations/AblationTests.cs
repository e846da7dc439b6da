using Crescent.Tests;
using Crescent.Training.Ablations;
using Xunit;

namespace Crescent.Training.Tests.Ablations;

public sealed class AblationTests : IDisposable
{
    private const string Family = """
        {
          "seeds": [1, 2],
          "base": {
            "corpora": "none", "sources": [{ "name": "synthetic", "weight": 1, "most": 400 }], "tokenizer": { "ranks": 256 },
            "model": { "layers": 2, "hidden": 64, "heads": 2, "queryRank": 32, "latentWidth": 32, "nopeWidth": 16, "ropeWidth": 16, "valueWidth": 16, "denseWidth": 64, "experts": 4, "topK": 2, "expertWidth": 32, "contextLength": 128 },
            "schedule": { "rowLength": 128, "rows": 4, "accumulate": 1, "steps": 6, "warmUp": 1, "peak": 0.01, "stateEvery": 100, "evaluateEvery": 0, "evaluationRows": 4 }
          },
          "variants": [
            { "name": "muon" },
            { "name": "adamw", "about": "AdamW for all", "changes": { "optimizer": { "muon": false } } },
            { "name": "int4", "against": "adamw", "changes": { "optimizer": { "muon": false }, "schedule": { "int4From": 0 } } },
            { "name": "narrow", "changes": { "model": { "expertWidth": 16 } } }
          ]
        }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("crescent-ablate-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Variants_differ_in_what_they_change_and_what_was_run_is_not_run_again()
    {
        var family = Read(Family);
        var (began, cancellation) = (new List<string>(), TestContext.Current.CancellationToken);
        AblationResult Run(string name, ulong seed, int? steps = null) => new AblationRunner(family, Path.Combine(_folder, "runs"), steps)
            .Run(family.Variants.Single(variant => variant.Name == name), seed, (variant, of, count) => { began.Add($"{variant.Name} {of} {count}"); return null; }, cancellation);
        var (muon, adamw, int4, narrow, other) = (Run("muon", 1), Run("adamw", 1), Run("int4", 1), Run("narrow", 1), Run("muon", 2));

        Assert.Equal(6 * 4 * 128, muon.Tokens);
        Assert.Equal(4, new[] { muon.Loss, adamw.Loss, int4.Loss, other.Loss }.Distinct().Count());
        Assert.InRange(Math.Abs(muon.RoundedLoss!.Value - muon.Loss), 1e-9, 0.1);
        Assert.Equal(int4.Loss, int4.RoundedLoss);
        Assert.Null(narrow.RoundedLoss); // INT4 has groups of 32
        Assert.True(narrow.Weights < muon.Weights && narrow.ActiveWeights < muon.ActiveWeights);
        Assert.All([muon, adamw], result => Assert.True(result is { LargestLogit: > 0, TokensPerSecond: > 0, BusiestExpert: > 1 and <= 2 }, $"{result}"));

        Assert.Equal(["muon 1 6", "adamw 1 6", "int4 1 6", "narrow 1 6", "muon 2 6"], began);
        Assert.Equal(muon, Run("muon", 1));
        Assert.Equal(5, began.Count);
        Assert.NotEqual(muon.Loss, Run("muon", 1, steps: 5).Loss);
        Assert.Equal("muon 1 5", began[^1]);
    }

    [Fact]
    public void The_tokenizer_of_the_first_run_serves_the_others()
    {
        var family = Read(Family);
        var runner = new AblationRunner(family, Path.Combine(_folder, "runs"), steps: 1);
        foreach (var variant in family.Variants.Take(2))
        {
            runner.Run(variant, 1, null, TestContext.Current.CancellationToken);
        }

        Assert.True(Directory.Exists(Path.Combine(_folder, "runs", "muon", "1", "tokenizer")));
        Assert.False(Directory.Exists(Path.Combine(_folder, "runs", "adamw", "1", "tokenizer")));
    }

    [Fact]
    public void The_table_has_means_deviations_and_paired_differences()
    {
        var family = Read(Family);
        AblationResult Result(string name, ulong seed, double loss, double? rounded) => new(name, seed, 2_000_000, 500_000, 1000, loss, rounded, seed * 10, 3, 1.5, 20000);
        var lines = AblationTable.Write(family, [Result("muon", 1, 2, 2.1), Result("muon", 2, 4, 4.3), Result("adamw", 1, 2.5, null), Result("adamw", 2, 4.7, 5), Result("int4", 2, 4.5, 4.5)]).Split('\n');
        // Of 2 and 4 the mean is 3 and the deviation √2; of 0.1 and 0.2 the mean is 0.15 and the error 0.05; of 0.5 and 0.7 the mean is 0.6 and the error 0.1.
        Assert.Equal("| muon |  | 2 | 2.00 M, 0.50 M | 3.0000 ± 1.4142 |  |  | +0.2000 ± 0.1000 | 20.0 | 3 | 1.50 | 20000 |", lines[4]);
        Assert.Equal("| adamw | AdamW for all | 2 | 2.00 M, 0.50 M | 3.6000 ± 1.5556 | muon | +0.6000 ± 0.1000 | – | 20.0 | 3 | 1.50 | 20000 |", lines[5]);
        Assert.Equal("| int4 |  | 1 | 2.00 M, 0.50 M | 4.5000 | adamw | -0.2000 | 0.0000 | 20.0 | 3 | 1.50 | 20000 |", lines[6]);
        Assert.Equal("", lines[7]);
    }

    [Fact]
    public void Changes_join_the_configuration_and_unknown_ones_are_named()
    {
        var family = Read(Family);
        var options = family.Options(family.Variants[2], 7, "out", steps: 9);
        Assert.Equal(("out", 7UL, 9, 0, false, 4), (options.Output, options.Seed, options.Schedule.Steps, options.Schedule.Int4From, options.Optimizer.Muon, options.Model.Experts));
        Assert.Equal(128, options.Schedule.RowLength);
        Assert.Null(family.Options(family.Variants[0], 1, "out").Schedule.Int4From);

        var wrong = Read(Family.Replace("\"expertWidth\": 16", "\"expertWidht\": 16", StringComparison.Ordinal));
        var message = Assert.Throws<InvalidDataException>(() => wrong.Options(wrong.Variants[3], 1, "out")).Message;
        Assert.Contains("'narrow'", message, StringComparison.Ordinal);
        Assert.Contains("expertWidht", message, StringComparison.Ordinal);
        Assert.Contains("'nobody'", Assert.Throws<InvalidDataException>(() => Read(Family.Replace("\"against\": \"adamw\"", "\"against\": \"nobody\"", StringComparison.Ordinal))).Message, StringComparison.Ordinal);
        Assert.Throws<InvalidDataException>(() => Read(Family.Replace("\"name\": \"int4\"", "\"name\": \"muon\"", StringComparison.Ordinal)));
        Assert.Throws<InvalidDataException>(() => Read("{\"bas\": 1}"));
    }

    [Fact]
    public void The_proxies_are_as_small_as_they_say()
    {
        var family = AblationFamily.Read(Path.Combine(SharedData.RepositoryRoot(), "recipes", "nano", "ablations", "proxies.json"));
        Assert.Equal(3, family.Seeds.Length);
        Assert.All(family.Variants, variant =>
        {
            var options = family.Options(variant, 1, "out");
            var (schedule, shape) = (options.Schedule, options.Model.Shape(options.Tokenizer.Ranks + 256));
            shape.Check();
            Assert.True(shape.ActiveWeights <= 600_000, $"{variant.Name}: {shape.ActiveWeights} active weights");
            Assert.InRange((long)schedule.Steps * schedule.Rows * schedule.Accumulate * schedule.RowLength, 1_000_000, 1_010_000);
            Assert.Equal(128, options.Model.TopK * options.Model.ExpertWidth); // equal work in experts
        });
    }

    private AblationFamily Read(string json)
    {
        var path = Path.Combine(_folder, "family.json");
        File.WriteAllText(path, json);
        return AblationFamily.Read(path);
    }
}
