using Xunit;

namespace Crescent.Tests.Models;

public class FirstStepTests
{
    [Fact]
    public void Work_around_the_first_step_runs_once_on_its_own_side_of_it()
    {
        using var model = LoadedModel.Open("g-llama");
        var order = new List<string>();
        model.Model.Observer = _ => order.Add("products");
        model.Model.BeforeFirstStep = () => order.Add("before");
        model.Model.AfterFirstStep = () => order.Add("after");

        model.Score([1, 2, 3, 4, 5, 6], 2); // three steps

        Assert.Equal("before", order[0]);
        Assert.Single(order, "before");
        Assert.Single(order, "after");
        var after = order.IndexOf("after");
        // As many products before it as in each of the two steps that follow.
        Assert.Equal(2 * (after - 1), order.Count - after - 1);
    }
}
