namespace KiwiCar.IntegrationTests.Identity;

[Collection(nameof(KiwiCarCollection))]
public sealed class UsersCommandTests(KiwiCarApp app)
{
    [Fact]
    public async Task An_operator_grants_a_role_and_sees_who_has_one()
    {
        var member = await app.SignUp();
        var granted = await Run("users", "grant", member.Email.ToUpperInvariant(), "MODERATOR");
        Assert.Equal((0, $"{member.Email.ToUpperInvariant()} is MODERATOR now, was USER"), (granted.ExitCode, granted.Output.Trim()));
        Assert.Contains("is MODERATOR already", (await Run("users", "grant", member.Email, "MODERATOR")).Output, StringComparison.Ordinal);
        Assert.Contains($"{member.Id}  MODERATOR  verified", (await Run("users", "show", member.Email)).Output, StringComparison.Ordinal);
        Assert.Contains(member.Email, (await Run("users", "list")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_account_or_no_role_is_told()
    {
        var unknown = await Run("users", "grant", "nobody@example.com", "ADMIN");
        Assert.Equal((1, "kiwicar: There is no account nobody@example.com"), (unknown.ExitCode, unknown.Error.Trim()));
        var role = await Run("users", "grant", "nobody@example.com", "KING");
        Assert.NotEqual(0, role.ExitCode);
        Assert.Contains("MODERATOR", role.Error, StringComparison.Ordinal);
    }

    private Task<(int ExitCode, string Output, string Error)> Run(params string[] arguments) => HostProcess.Run(app.Settings, arguments);
}
