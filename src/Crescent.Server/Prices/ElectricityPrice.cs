namespace Crescent.Server.Prices;

/// <summary>What the machine takes while it answers.</summary>
public sealed record ElectricityPrice
{
    /// <summary>Power of the whole machine.</summary>
    public required double Watts { get; init; }

    /// <summary>Price of a kilowatt-hour.</summary>
    public required double PerKwh { get; init; }

    public double Of(TimeSpan time) => Watts / 1000 * time.TotalHours * PerKwh;
}
