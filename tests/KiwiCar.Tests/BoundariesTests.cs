using System.Reflection;
using KiwiCar.BuildingBlocks;
using KiwiCar.Host;

namespace KiwiCar.Tests;

/// <summary>The house's walls, where the compiler alone does not hold them.</summary>
public sealed class BoundariesTests
{
    private static readonly string[] ForbiddenSuffixes = ["Handler", "Service", "Manager", "Helper", "Dto", "Impl", "Command", "Query", "Base"];

    private static IEnumerable<Assembly> ModuleAssemblies => Modules.All.Select(m => m.GetType().Assembly);

    [Fact]
    public void A_module_shows_one_public_class()
    {
        foreach (var assembly in ModuleAssemblies)
            Assert.Equal([$"{assembly.GetName().Name!.Split('.')[1]}Module"], assembly.GetExportedTypes().Select(t => t.Name));
    }

    [Fact]
    public void A_module_refers_to_building_blocks_and_contracts_only()
    {
        foreach (var assembly in ModuleAssemblies)
            Assert.All(assembly.GetReferencedAssemblies().Where(r => r.Name!.StartsWith("KiwiCar.", StringComparison.Ordinal)),
                r => Assert.True(r.Name == "KiwiCar.BuildingBlocks" || r.Name!.EndsWith(".Contracts", StringComparison.Ordinal), $"{assembly.GetName().Name} -> {r.Name}"));
    }

    [Fact]
    public void Building_blocks_know_no_car() =>
        Assert.DoesNotContain(typeof(IModule).Assembly.GetReferencedAssemblies(), r => r.Name!.StartsWith("KiwiCar.", StringComparison.Ordinal));

    [Fact]
    public void Nothing_is_named_by_a_technical_suffix()
    {
        var named = from assembly in ModuleAssemblies.Append(typeof(IModule).Assembly)
                    from type in assembly.GetTypes()
                    where !type.Name.Contains('<') && type.Namespace?.StartsWith("KiwiCar", StringComparison.Ordinal) == true
                    where ForbiddenSuffixes.Any(s => type.Name.Length > s.Length && type.Name.EndsWith(s, StringComparison.Ordinal))
                    select type.Name;
        Assert.Equal(["ListingQuery"], named.Distinct()); // a question of buyers, not a pattern
    }

    [Fact]
    public void Only_one_file_names_the_mysql_driver() =>
        Assert.DoesNotContain(ModuleAssemblies.Append(Assembly.Load("kiwicar")).SelectMany(a => a.GetReferencedAssemblies()), r => r.Name == "MySql.Data");
}
