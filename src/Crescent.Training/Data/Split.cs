using System.IO.Hashing;
using System.Text;

namespace Crescent.Training.Data;

/// <summary>Whether an example is trained on or held out. What decides is the example's key alone, never its place in a file.</summary>
public static class Split
{
    private const int Parts = 50;

    /// <summary>One key in fifty is held out.</summary>
    public static bool IsHeldOut(string key) => XxHash64.HashToUInt64(Encoding.UTF8.GetBytes(key)) % Parts == 0;

    /// <summary>Services of the dialogues of which no dialogue, intent or slot is trained on.</summary>
    public static IReadOnlySet<string> HeldOutServices { get; } =
        new HashSet<string>(["Alarm_1", "Messaging_1", "Payment_1", "RentalCars_2", "Trains_1"], StringComparer.Ordinal);

    /// <summary>Books at the end of each list of novels that are never trained on.</summary>
    public const int HeldOutBooks = 5;
}
