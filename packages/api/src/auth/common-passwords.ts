/** Words and phrases that stand high in published lists of leaked passwords, in lower case. */
export const commonPasswords = new Set(
  `password passwords passw passwort passphrase password1234 password12345 password123456 passwordpassword mypassword thisismypassword letmein
letmeinplease welcome welcomeback welcome12345 admin adminadmin administrator administrateur administrador adminpassword changeme changemenow
changeme1234 changemeplease qwerty qwertyuiop qwertyuiopas qwertyqwerty qwerty123456 qwertz qwertzuiop azerty azertyuiop asdfghjkl asdfghjklzxc
asdfasdfasdf zxcvbnm zxcvbnmasdfg zxcvbnm12345 qazwsxedc qazwsxedcrfv 1qaz2wsx3edc 1qaz2wsx3edc4rfv q1w2e3r4t5y6 1q2w3e4r5t6y 1q2w3e4r5t6y7u
123456789012 1234567890123 1234567891011 123456123456 123123123123 123321123321 111111111111 000000000000 012345678901 987654321098 098765432109
123412341234 112233445566 121212121212 147258369147 741852963741 iloveyou iloveyouforever iloveyousomuch iloveyou1234 iloveyou12345 trustno
trustnoone monkey monkeymonkey dragon dragondragon football footballfootball baseball basketball superman batman spiderman starwars pokemon pokemon12345
princess sunshine sunshine1234 shadow master mastermaster michael jennifer jordan hunter hunterhunter killer computer computer1234 internet internet1234 samsung
whatever whateverwhatever freedom fuckyou fuckyoufuckyou summer summer2023summer winter autumn spring secret secretsecret secretpassword supersecret
topsecret default defaultpassword guest guestguest testtesttest testpassword testing testingtesting temporary temppassword temp12345678 hello
hellohello helloworld helloworld12 helloworld123 abcdefghijkl abcdefghijklm abcdef123456 abc123abc123 abcd1234abcd abcd12345678 a1b2c3d4e5f6
aa1234567890 correcthorse correcthorsebatterystaple opensesame velociraptor velociraptor12 velociraptors velocicompanion security securitysecurity
cybersecurity letmeinletmein access accessgranted login loginlogin rootroot rootrootroot toor toortoortoor system systemsystem server serverserver
windows windows12345 microsoft google facebook company companyname hospital hospital1234 superuser superadmin superadministrator cheese chocolate`
    .split(/\s+/)
    .filter((word) => word.length > 3),
)
