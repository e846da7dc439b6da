using Crescent.Engine.Models.Layers;
using Xunit;

namespace Crescent.Tests.Models;

public sealed class RouterTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(8, 8)]
    [InlineData(64, 6)]
    [InlineData(100, 3)]
    [InlineData(384, 8)]
    public void The_best_experts_are_chosen_in_order_the_lower_index_on_ties(int experts, int topK)
    {
        var router = new Router(new RouterOptions(RouterScore.SoftmaxOfChosen, topK, Normalise: false, Scale: 1), bias: null);
        var random = new Random(experts);
        var (scratch, chosen, weights) = (new float[2 * experts], new int[topK], new float[topK]);
        for (var round = 0; round < 200; round++)
        {
            // Few distinct values, so that most rounds have ties; now and then values that no comparison likes.
            var logits = Enumerable.Range(0, experts).Select(_ => (float)random.Next(round % 10 == 0 ? 2 : 50)).ToArray();
            if (round % 3 == 0)
            {
                logits[random.Next(experts)] = float.NegativeInfinity;
                logits[random.Next(experts)] = float.NaN;
            }

            var expected = Enumerable.Range(0, experts).OrderByDescending(e => float.IsNaN(logits[e]) ? float.NegativeInfinity : logits[e]).ThenBy(e => e).Take(topK);
            router.Choose([.. logits], scratch, chosen, weights);
            Assert.Equal(expected, chosen);
        }
    }
}
