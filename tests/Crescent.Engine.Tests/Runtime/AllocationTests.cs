using Crescent.Engine.Conversion;
using Crescent.Engine.Runtime;
using Crescent.Tests.Checkpoints;
using Crescent.Tests.Conversion;
using Crescent.Tests.Experts;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Runtime;

[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
[Collection(nameof(AllocationTests))]
public sealed class AllocationTests
{
    private const int Window = 100;
    private const int MostSteps = 3000;

    public static TheoryData<string, int> Cases
    {
        get
        {
            var rows = new TheoryData<string, int>();
            foreach (var name in TestModels.OnePerArchitecture)
            {
                rows.Add(name, 1);
                rows.Add(name, 4);
            }

            return rows;
        }
    }

    // In records, as in files of larger experts, all experts of a layer come to lie alike in a slot.
    [Theory]
    [InlineData("g-qwen3moe-q")]
    [InlineData("g-deepseek-v2-lite")]
    public void Decoding_that_reads_experts_allocates_nothing_once_warm(string name)
    {
        using var folder = new TemporaryFolder();
        Conversions.Convert(TestModels.PathOf(name), folder.File("records"), Conversions.Plain with { Layout = ConversionLayout.Records });
        using var model = LoadedModel.OpenFile(folder.File("records"), (LoadedModel.Plain with { Threads = 2 }).With(Streamed.Slots(2)));
        AssertDecodesClean(model, name, sequences: 1);
        Assert.InRange(model.Store().Counts.HitRate, 0, 0.9);
    }

    // Code that is not optimised yet may allocate: the steps go on until a hundred in a row do not.
    [Theory]
    [MemberData(nameof(Cases))]
    public void Decoding_allocates_nothing_once_warm(string name, int sequences)
    {
        using var model = LoadedModel.Open(name, LoadedModel.Plain with { Threads = 2 });
        AssertDecodesClean(model, name, sequences);
    }

    private static void AssertDecodesClean(LoadedModel model, string name, int sequences)
    {
        using var generator = model.Generator(context: 200, sequences);
        var (clean, last) = (0, 0L);
        for (var step = 0; step < MostSteps && clean < Window; step++)
        {
            if (!generator.Step() || generator.LastStepTokens == 0)
            {
                for (var i = 0; i < sequences; i++)
                {
                    generator.Add(Recording.Greedy(TestModels.TokensOf(name)[i..(i + 5 + i)], maxTokens: 150));
                }

                continue;
            }

            last = generator.LastStepAllocatedBytes;
            clean = generator.LastStepTokens == sequences && last == 0 ? clean + 1 : 0;
        }

        Assert.True(clean == Window, $"expected {Window} steps in a row without allocation within {MostSteps}, found at most {clean}; the last one allocated {last} bytes");
    }
}
