using Xunit;

namespace Crescent.Tests.Support;

internal static class Wait
{
    private const int MostTries = 10_000;

    /// <summary>Until something that another thread does has been done.</summary>
    public static async Task ForAsync(Func<bool> isDone)
    {
        for (var i = 0; i < MostTries; i++)
        {
            if (isDone())
            {
                return;
            }

            await Task.Delay(1, TestContext.Current.CancellationToken);
        }

        Assert.Fail("expected it to happen, found it did not");
    }
}
